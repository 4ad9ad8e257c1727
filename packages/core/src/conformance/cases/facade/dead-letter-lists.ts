import assert from 'node:assert/strict'
import { ConfigInvalidError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { deaths, lettersOf, patient, payloadsOf } from '../../support/facade-deaths.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { eventsOf, onStage } from '../../support/facade-stage.ts'

const sorted = (payloads: readonly unknown[]): unknown[] => payloads.toSorted((a, b) => Number(a) - Number(b))

export const deadLetterListCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'dead letters are listed page by page, each once, with everything that is known of them',
    promise: 'An operator sees what failed, where, why and since when, without knowing the backend.',
    run: onStage(async (stage) => {
      const [one, two] = await stage.processes(2)
      const { topic } = await patient(stage, one)
      const ids = await deaths(one, topic, 7)
      const pages: number[] = []
      const found: unknown[] = []
      for (let after: string | undefined, more = true; more;) {
        const page = await two.bus.deadLetters.list({ topic, limit: 3, after })
        pages.push(page.items.length)
        found.push(...page.items.map(({ event }) => event?.metadata.eventId))
        after = page.next
        more = after !== undefined
      }
      assert.deepEqual(pages, [3, 3, 1])
      assert.deepEqual(found.toSorted(), ids.toSorted())
      assert.equal(await two.bus.deadLetters.count({ topic }), 7)
      const [letter] = await lettersOf(two, { topic, correlationId: 'flow-4' })
      assert.ok(letter)
      const { id, event, deadAt, errorStack, firstFailureAt, lastFailureAt, originalPosition, ...rest } = letter
      assert.deepEqual(rest, {
        dlqTopic: `${topic}.g.dlq`,
        topic,
        group: 'g',
        key: 'k0',
        body: undefined,
        redrives: 0,
        parked: false,
        failureReason: 'no 4',
        failureKind: 'rejected',
        errorName: 'NonRetryableError',
        originalTopic: topic,
        originalGroup: 'g',
        attempts: 1,
      })
      assert.deepEqual([event?.type, event?.payload, event?.metadata['custom']], ['even', 4, { n: 4 }])
      assert.equal(event?.metadata.eventId, ids[3])
      assert.equal(new Date(deadAt).toISOString(), deadAt)
      assert.ok(errorStack !== undefined && originalPosition !== undefined && firstFailureAt === lastFailureAt)
      assert.deepEqual(await two.bus.deadLetters.get(id), letter)
      assert.equal(await two.bus.deadLetters.get(`${topic}.g.dlq/00000`), undefined)
      await rejection(ConfigInvalidError, two.bus.deadLetters.get('no id'))
      assert.deepEqual(await two.bus.deadLetters.list({ topic: stage.topic() }), { items: [], next: undefined })
    }),
  },
  {
    tier: 'facade',
    name: 'dead letters are found by topic, group, type, key, flow, error, time and id',
    promise: 'One looks at the ones in question, and acts on no others.',
    run: onStage(async (stage) => {
      const process = await stage.process()
      const { bus } = process
      const { topic } = await patient(stage, process)
      const fail = (): never => {
        throw new TypeError('of another kind')
      }
      await bus.subscribe(topic, fail, { consumerGroup: 'h', useDLQ: true, maxRetries: 0 })
      const other = await patient(stage, process)
      await deaths(process, topic, 4)
      await process.hooks.deadLetter.reached(8)
      await deaths(process, other.topic, 1)
      const find = async (filter: Parameters<typeof bus.deadLetters.list>[0]): Promise<unknown[]> =>
        sorted(await payloadsOf(process, { topic, ...filter }))
      assert.deepEqual(await find({}), [1, 1, 2, 2, 3, 3, 4, 4])
      assert.deepEqual(await find({ group: 'h' }), [1, 2, 3, 4])
      assert.deepEqual(await find({ topic: `${topic}.g.dlq` }), [1, 2, 3, 4])
      assert.deepEqual(await find({ topic: undefined, dlqTopic: `${other.topic}.g.dlq` }), [1])
      assert.deepEqual(await find({ type: 'even', group: 'g' }), [2, 4])
      assert.deepEqual(await find({ key: 'k1', group: 'g' }), [2])
      assert.deepEqual(await find({ correlationId: 'flow-3', group: 'g' }), [3])
      assert.deepEqual(await find({ error: 'TypeError: of another' }), [1, 2, 3, 4])
      assert.deepEqual(await find({ error: 'no 2' }), [2])
      assert.deepEqual(await find({ failureKind: 'exhausted' }), [1, 2, 3, 4])
      assert.deepEqual(await find({ failureKind: 'crashed' }), [])
      assert.deepEqual(await find({ parked: true }), [])
      assert.equal(await bus.deadLetters.count({ topic, parked: false }), 8)
      const letters = await lettersOf(process, { topic, group: 'g' })
      const ids = letters.filter(({ event }) => event?.payload !== 3).map(({ id }) => id)
      assert.deepEqual(await find({ ids }), [1, 2, 4])
      const times = letters.map(({ deadAt }) => new Date(deadAt)).toSorted((a, b) => a.getTime() - b.getTime())
      const [from, to] = [times[0], times.at(-1)]
      const within = letters.filter(
        ({ deadAt }) => new Date(deadAt) >= (from as Date) && new Date(deadAt) < (to as Date),
      )
      assert.deepEqual(await find({ group: 'g', from, to }), sorted(within.map(({ event }) => event?.payload)))
      assert.deepEqual(await find({ group: 'g', from: new Date((to as Date).getTime() + 1) }), [])
      const everything = await lettersOf(process, { group: 'h' })
      assert.ok(everything.every(({ group }) => group === 'h'))
      assert.ok(everything.length >= 4, 'Without a topic all dead letter topics are looked at.')
      await rejection(ConfigInvalidError, bus.deadLetters.list({ from: new Date('never') }))
    }),
  },
  {
    tier: 'facade',
    name: 'dead letters in a topic that the subscription named are listed and redriven by that name',
    promise: 'One graveyard for several topics is no worse than one for each.',
    run: onStage(async (stage) => {
      const [process, dlqTopic] = [await stage.process(), `${stage.topic()}-graveyard`]
      const { bus } = process
      const [one, two] = [await patient(stage, process, { dlqTopic }), await patient(stage, process, { dlqTopic })]
      await deaths(process, one.topic, 2)
      await deaths(process, two.topic, 2)
      await bus.publish(dlqTopic, 'not dead', 'at all')
      assert.equal(await bus.deadLetters.count({ dlqTopic }), 4)
      assert.deepEqual(sorted(await payloadsOf(process, { dlqTopic, topic: two.topic })), [1, 2])
      one.heal()
      two.heal()
      const report = await bus.deadLetters.redrive({ dlqTopic, topic: two.topic, type: 'even' })
      assert.deepEqual([report.matched, report.redriven], [1, 1])
      await two.seen.handled.reached(1)
      assert.deepEqual([one.seen.payloads, two.seen.payloads], [[], [2]])
      assert.equal(await bus.deadLetters.count({ dlqTopic }), 3)
    }),
  },
  {
    tier: 'facade',
    name: 'discarded dead letters are not listed any more, and not redriven',
    promise: 'What is of no use is put away, also where a single record cannot be deleted.',
    run: onStage(async (stage) => {
      const [one, two] = await stage.processes(2)
      const { topic, seen, heal } = await patient(stage, one)
      await deaths(one, topic, 5)
      await rejection(ConfigInvalidError, one.bus.deadLetters.discard({}))
      assert.deepEqual(await one.bus.deadLetters.discard({ topic, type: 'even', dryRun: true }), {
        matched: 2,
        discarded: 0,
        complete: true,
      })
      assert.deepEqual(await one.bus.deadLetters.discard({ topic, type: 'even' }), {
        matched: 2,
        discarded: 2,
        complete: true,
      })
      assert.deepEqual(sorted(await payloadsOf(two, { topic })), [1, 3, 5])
      assert.deepEqual(await two.bus.deadLetters.discard({ topic, limit: 1 }), {
        matched: 1,
        discarded: 1,
        complete: true,
      })
      heal()
      const report = await two.bus.deadLetters.redrive({ topic })
      assert.deepEqual([report.matched, report.redriven], [2, 2])
      await seen.handled.reached(2)
      assert.equal((await eventsOf(two.bus.history(`${topic}.g.dlq`))).length, 5, 'The record is not falsified.')
      assert.equal(await one.bus.deadLetters.count({ topic }), 0)
      await one.bus.publish(topic, 'tested', 'last')
      await seen.handled.first('the last', ({ event }) => event.payload === 'last')
      assert.equal(seen.handled.count, 3)
    }),
  },
]
