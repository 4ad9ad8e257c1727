import assert from 'node:assert/strict'
import { NonRetryableError, PublishError } from '../../../index.ts'
import type { StoredMessage } from '../../../spi/index.ts'
import type { ConformanceCase } from '../../case.ts'
import { deaths, lettersOf, patient, payloadsOf } from '../../support/facade-deaths.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { ids, onStage, quick, stored } from '../../support/facade-stage.ts'
import { faultyAdapter, type Faults } from '../../support/faulty-adapter.ts'

export const redriveCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a redrive leads dead letters back to the group that failed, and to nobody else',
    promise: 'One repairs a service and has it do what it missed; the others never know.',
    run: onStage(async (stage) => {
      const [one, two] = await stage.processes(2)
      const { topic, seen, heal } = await patient(stage, one)
      const [other, broadcast] = [stage.recorder(), stage.recorder()]
      await one.bus.subscribe(topic, other.handle, { consumerGroup: 'other', useDLQ: true })
      await one.bus.subscribe(topic, broadcast.handle)
      const published = await deaths(one, topic, 6)
      await Promise.all([other.handled.reached(6), broadcast.handled.reached(6)])
      const originals = seen.starts.items.map(({ event }) => event)
      heal()
      const atTheEnd = async (): Promise<boolean> => {
        const groups = await Promise.all(['g', 'other'].map((group) => two.adapter.inspect(topic, group)))
        return groups.every((group) => group?.lag === 0)
      }
      await stage.context.until('Both groups are at the end', atTheEnd)
      const report = await two.bus.deadLetters.redrive({ topic })
      assert.deepEqual(report, { matched: 6, redriven: 6, parked: 0, skipped: 0, problems: [], complete: true })
      await seen.handled.reached(6)
      for (const { event, key, attempt, topic: told, consumerGroup, replayed } of seen.handled.items) {
        const original = originals.find(({ metadata }) => metadata.eventId === event.metadata.eventId)
        assert.deepEqual(event, original, 'The same event, to the last metadata.')
        assert.deepEqual([key, attempt, told, consumerGroup], [`k${(event.payload - 1) % 3}`, 1, topic, 'g'])
        assert.equal(replayed, false)
      }
      assert.deepEqual(ids(seen.handled.items.map(({ event }) => event)).toSorted(), published.toSorted())
      assert.deepEqual(await payloadsOf(one, { topic }), [])
      assert.deepEqual((await two.bus.deadLetters.redrive({ topic })).matched, 0)
      assert.ok(await atTheEnd(), 'Nothing was added to the topic, and nobody was set back.')
      await one.bus.publish(topic, 'tested', 'last')
      await Promise.all(
        [other, broadcast].map((all) => all.handled.first('the last', ({ event }) => event.payload === 'last')),
      )
      assert.deepEqual([other.starts.count, broadcast.starts.count], [7, 7])
      assert.equal((await stored(stage, two, topic, 7)).length, 7, 'The topic itself has no copies.')
    }),
  },
  {
    tier: 'facade',
    name: 'what fails again after a redrive comes back, with its first place, its last error, and no more headers than before',
    promise: 'Trying once more costs nothing, and does not blur what happened.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, hooks } = process
      let round = 0
      const seen = stage.recorder(() => {
        throw new TypeError(`in round ${round}`)
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 1, retry: quick })
      const { metadata } = await bus.publish(topic, 'tested', 'x', { key: 'k', metadata: { correlationId: 'c' } })
      await hooks.deadLetter.reached(1)
      const first = seen.starts.items[0]
      const sizes: number[] = []
      for (round = 1; round <= 3; round++) {
        const report = await bus.deadLetters.redrive({ topic })
        assert.deepEqual([report.matched, report.redriven], [1, 1], `Round ${round}`)
        await hooks.deadLetter.reached(round + 1)
        const [letter, ...more] = await lettersOf(process, { topic })
        assert.deepEqual([more, letter?.redrives], [[], round])
        assert.equal(letter?.event?.metadata.eventId, metadata.eventId)
        assert.deepEqual(
          [letter?.originalTopic, letter?.originalGroup, letter?.originalPosition, letter?.failureReason],
          [topic, 'g', first?.position, `in round ${round}`],
        )
        assert.equal(letter?.attempts, 2, 'Counted afresh.')
        assert.ok(Date.parse(letter?.firstFailureAt ?? '') < Date.parse(letter?.lastFailureAt ?? ''))
        const headers = (await stored(stage, process, `${topic}.g.dlq`, round + 1)).at(-1)?.headers ?? {}
        sizes.push(
          Object.entries(headers)
            .filter(([name]) => name !== 'bus-dead-stack')
            .join().length,
        )
      }
      assert.deepEqual(new Set(sizes), new Set([sizes[0]]))
      assert.deepEqual(seen.attempts, [1, 2, 1, 2, 1, 2, 1, 2])
    }),
  },
  {
    tier: 'facade',
    name: 'an event that was redriven too often is parked: still listed, and redriven only when forced',
    promise: 'A hopeless event does not go round for ever.',
    run: onStage(async (stage) => {
      const [process, two] = await stage.processes(2)
      const { bus, hooks } = process
      const { topic, seen, heal } = await patient(stage, process)
      await deaths(process, topic, 1)
      for (const round of [1, 2]) {
        assert.equal((await bus.deadLetters.redrive({ topic, maxRedrives: 2 })).redriven, 1)
        await hooks.deadLetter.reached(round + 1)
      }
      const dry = await bus.deadLetters.redrive({ topic, maxRedrives: 2, dryRun: true })
      assert.deepEqual([dry.matched, dry.parked, dry.redriven], [1, 1, 0])
      assert.equal(await bus.deadLetters.count({ topic, parked: true }), 0)
      const report = await bus.deadLetters.redrive({ topic, maxRedrives: 2 })
      assert.deepEqual([report.matched, report.parked, report.redriven], [1, 1, 0])
      const [letter] = await lettersOf(two, { topic, parked: true })
      assert.deepEqual([letter?.parked, letter?.redrives], [true, 2])
      const again = await two.bus.deadLetters.redrive({ topic, maxRedrives: 100 })
      assert.deepEqual([again.parked, again.redriven], [1, 0], 'Parked is parked, for everybody.')
      assert.equal(seen.starts.count, 3)
      heal()
      assert.equal((await two.bus.deadLetters.redrive({ ids: [letter?.id ?? ''], force: true })).redriven, 1)
      await seen.handled.reached(1)
      assert.equal(await bus.deadLetters.count({ topic }), 0)
    }),
  },
  {
    tier: 'facade',
    name: 'an interrupted redrive is repeated without loss: at most the batch under way comes twice, with the same ids',
    promise: 'Whoever redrives a thousand events need not fear for their connection.',
    run: onStage(async (stage) => {
      const faults: Faults = {}
      const process = await stage.process()
      const broken = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      const { topic, seen, heal } = await patient(stage, process, { concurrency: 8 })
      const count = 230
      const published = await deaths(process, topic, count)
      heal()
      let copied = 0
      // Dies between the second batch's copies and its being noted.
      faults.publish = (messages) => {
        copied += messages.filter((message) => message.topic.endsWith('.retry')).length
        return copied > 100 && messages[0]?.topic.endsWith('.dlq') === true
          ? new Error('the process dies here')
          : undefined
      }
      const error = await broken.bus.deadLetters.redrive({ topic }).catch((reason: unknown) => reason)
      assert.match(String(error), /dies here/)
      await seen.handled.reached(200)
      assert.equal(await process.bus.deadLetters.count({ topic }), 130)
      // Another one stores some of a batch only.
      faults.publish = (messages) => {
        if (messages[0]?.topic.endsWith('.retry') !== true) return undefined
        return new PublishError(
          topic,
          messages.map((_, index) => ({ index, stored: 'no', cause: 'no room' })),
        )
      }
      await rejection(PublishError, broken.bus.deadLetters.redrive({ topic }))
      assert.equal(await process.bus.deadLetters.count({ topic }), 130, 'What is not stored is not settled.')
      const report = await process.bus.deadLetters.redrive({ topic })
      assert.deepEqual([report.matched, report.redriven], [130, 130])
      await seen.handled.reached(330)
      const times = new Map<string, number>()
      for (const { event } of seen.handled.items)
        times.set(event.metadata.eventId, (times.get(event.metadata.eventId) ?? 0) + 1)
      assert.deepEqual([...times.keys()].toSorted(), published.toSorted(), 'None is lost.')
      assert.equal([...times.values()].filter((number) => number === 2).length, 100)
      assert.equal(await process.bus.deadLetters.count({ topic }), 0)
    }),
  },
  {
    tier: 'facade',
    name: 'a redrive can be tried first, limited, paced and stopped, and goes on where it was',
    promise: 'A repaired service is not flooded at once.',
    run: onStage(async (stage) => {
      const process = await stage.process()
      const { deadLetters } = process.bus
      const { topic, seen, heal } = await patient(stage, process)
      await deaths(process, topic, 9)
      heal()
      const dry = await deadLetters.redrive({ topic, dryRun: true })
      assert.deepEqual([dry.matched, dry.redriven, dry.complete], [9, 0, true])
      assert.equal(await deadLetters.count({ topic }), 9)
      const limited = await deadLetters.redrive({ topic, limit: 2 })
      assert.deepEqual([limited.redriven, await deadLetters.count({ topic })], [2, 7])
      const start = Date.now()
      const told: number[] = []
      const onProgress = (done: number): void => void told.push(done)
      assert.equal((await deadLetters.redrive({ topic, limit: 4, rate: 20, onProgress })).redriven, 4)
      assert.equal(told.at(-1), 4)
      assert.ok(Date.now() - start >= 100, 'Four at twenty a second, as two batches of two.')
      assert.equal(await deadLetters.count({ topic }), 3)
      const stop = new AbortController()
      const stopped = deadLetters.redrive({ topic, rate: 0.01, signal: stop.signal })
      const [report] = await Promise.all([stopped, seen.handled.reached(7).then(() => stop.abort())])
      assert.deepEqual([report.redriven, report.complete], [1, false])
      assert.equal(await deadLetters.count({ topic }), 2)
      assert.equal((await deadLetters.redrive({ topic })).redriven, 2)
      await seen.handled.reached(9)
      assert.equal(new Set(ids(seen.handled.items.map(({ event }) => event))).size, 9)
    }),
  },
  {
    tier: 'facade',
    name: 'dead letters of a subscription without a group go to a handler, or to the whole topic',
    promise: 'There is nobody to lead them back to, and the bus says so instead of losing them.',
    run: onStage(async (stage) => {
      const process = await stage.process()
      const { bus, hooks } = process
      const { topic, heal } = await patient(stage, process, { consumerGroup: undefined })
      const other = stage.recorder()
      await bus.subscribe(topic, other.handle, { consumerGroup: 'other' })
      const published = await deaths(process, topic, 3)
      await other.handled.reached(3)
      const refused = await bus.deadLetters.redrive({ topic })
      assert.deepEqual([refused.matched, refused.redriven, refused.skipped, refused.problems.length], [3, 0, 3, 1])
      assert.match(refused.problems[0] ?? '', /had no group.*into: handler.*toTopic: true/)
      assert.equal(await bus.deadLetters.count({ topic }), 3)
      const [letter] = await lettersOf(process, { topic, type: 'even' })
      const here = stage.recorder(({ payload }) => {
        if (payload === 3) throw new Error('not this one')
      })
      const report = await bus.deadLetters.redrive({ topic, into: here.handle, type: 'odd' })
      assert.deepEqual(
        [report.redriven, report.skipped, report.problems],
        [1, 1, ['the handler failed: Error: not this one']],
      )
      const [start] = here.starts.items
      assert.deepEqual([start?.event.payload, start?.topic, start?.key, start?.attempt], [1, topic, 'k0', 1])
      assert.equal(await bus.deadLetters.count({ topic }), 2)
      heal()
      assert.equal((await bus.deadLetters.redrive({ ids: [letter?.id ?? ''], toTopic: true })).redriven, 1)
      const again = await other.handled.reached(4)
      assert.deepEqual([again[3]?.event.payload, again[3]?.event.metadata.eventId], [2, published[1]])
      const before = again.find(({ event }) => event.payload === 2)
      assert.deepEqual(again[3]?.event, before?.event, 'Nothing of the failure is left in it.')
      assert.equal(hooks.deadLetter.count, 3)
    }),
  },
  {
    tier: 'facade',
    name: 'nothing is led back to a group that was deleted',
    promise: 'Nobody would ever read it there.',
    run: onStage(async (stage) => {
      const process = await stage.process()
      const { bus } = process
      const topic = stage.topic()
      const fail = (): never => {
        throw new NonRetryableError('no')
      }
      const id = await bus.subscribe(topic, fail, { consumerGroup: 'g', useDLQ: true })
      await deaths(process, topic, 2)
      await bus.unsubscribe(id)
      await bus.deleteGroup(topic, 'g')
      const report = await bus.deadLetters.redrive({ topic })
      assert.deepEqual([report.redriven, report.skipped], [0, 2])
      assert.match(report.problems[0] ?? '', /"g" has no position/)
      assert.equal(await bus.deadLetters.count({ topic }), 2)
    }),
  },
  {
    tier: 'facade',
    name: 'what could not be read is listed with its bytes, and redriven as it is',
    promise: 'A consumer that has learned to read it gets what it missed.',
    run: onStage(async (stage) => {
      const process = await stage.process()
      const { bus, adapter, hooks } = process
      const { topic } = await patient(stage, process)
      await adapter.publish([{ topic, key: 'k', headers: { foreign: 'yes' }, body: 'no event' }])
      await hooks.deadLetter.reached(1)
      const [letter] = await lettersOf(process, { topic, failureKind: 'unreadable' })
      assert.deepEqual([letter?.event, Buffer.from(letter?.body ?? []).toString()], [undefined, 'no event'])
      const [here] = [await bus.deadLetters.redrive({ topic, into: () => {} })]
      assert.deepEqual([here.redriven, here.skipped], [0, 1])
      assert.equal((await bus.deadLetters.redrive({ topic })).redriven, 1)
      await hooks.deadLetter.reached(2)
      const [again] = await lettersOf(process, { topic })
      assert.deepEqual([again?.redrives, Buffer.from(again?.body ?? []).toString()], [1, 'no event'])
      const copies: StoredMessage[] = await stored(stage, process, `${topic}.g.retry`, 1)
      assert.deepEqual([copies[0]?.key, copies[0]?.headers['foreign']], ['k', 'yes'])
    }),
  },
]
