import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigInvalidError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { lettersOf } from '../../support/facade-deaths.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { eventsOf, ids, onStage, type Process, quick, stored } from '../../support/facade-stage.ts'

async function published({ bus }: Process, topic: string, count: number, pauseMs = 0): Promise<string[]> {
  const events: string[] = []
  for (let payload = 1; payload <= count; payload++) {
    const metadata = { correlationId: payload > count / 2 ? 'late' : 'early' }
    const event = await bus.publish(topic, payload % 2 === 0 ? 'even' : 'odd', payload, { key: 'k', metadata })
    events.push(event.metadata.eventId)
    if (pauseMs > 0) await sleep(pauseMs)
  }
  return events
}

export const replayCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a replay gives a handler the events of the past, from a time to a time, and ends while publishing goes on',
    promise: 'A view is built anew from what happened, and the building ends.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus } = process
      await published(process, topic, 8, 3)
      await bus.publish(`${topic}-other`, 'tested', 'not asked for')
      const messages = await stored(stage, process, topic, 8)
      const [from, to] = [new Date(messages[2]?.storedAt ?? 0), new Date(messages[6]?.storedAt ?? 0)]
      const seen = stage.recorder(async () => void (await bus.publish(topic, 'tested', 'meanwhile', { key: 'k' })))
      const report = await bus.replay({ topic, from, to, into: seen.handle })
      assert.deepEqual(report, { read: 4, matched: 4, replayed: 4, skipped: 0, complete: true })
      assert.deepEqual(
        seen.payloads,
        [3, 4, 5, 6],
        'The beginning is inclusive, the end exclusive, to the millisecond.',
      )
      for (const [
        index,
        { topic: told, key, attempt, replayed, consumerGroup, position },
      ] of seen.starts.items.entries()) {
        assert.deepEqual([told, key, attempt, replayed, consumerGroup], [topic, 'k', 1, true, undefined])
        assert.equal(position, messages[index + 2]?.position)
      }
      const all = stage.recorder(async () => void (await bus.publish(topic, 'tested', 'meanwhile', { key: 'k' })))
      const whole = await bus.replay({ topic, into: all.handle })
      assert.deepEqual([whole.replayed, all.starts.count], [12, 12], 'What was published meanwhile is not part of it.')
      const after = stage.recorder()
      await bus.replay({ topic, from: messages[5]?.position, limit: 2, into: after.handle })
      assert.deepEqual(after.payloads, [7, 8])
    }),
  },
  {
    tier: 'facade',
    name: 'a replay into a group reaches that group only, says that it is one, and moves nobody',
    promise: 'A service that got something wrong is given the same events again, while the others work on.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [seen, other, broadcast] = [stage.recorder(), stage.recorder(), stage.recorder()]
      await one.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const id = await one.bus.subscribe(topic, other.handle, { consumerGroup: 'other' })
      await one.bus.subscribe(topic, broadcast.handle)
      const expected = await published(one, topic, 6)
      await Promise.all([seen, other, broadcast].map((all) => all.handled.reached(6)))
      // One that is behind, and nobody at it.
      await one.bus.unsubscribe(id)
      const last = (await published(one, topic, 2)).at(-1)
      await Promise.all([seen, broadcast].map((all) => all.handled.reached(8)))
      const standing = async (): Promise<unknown[]> =>
        Promise.all(
          ['g', 'other'].map(async (group) => {
            const state = await two.adapter.inspect(topic, group)
            return [group, state?.lag, state?.pending]
          }),
        )
      const settled = async (): Promise<boolean> => {
        const state = await two.adapter.inspect(topic, 'g')
        return state?.pending === 0 && state.lag === 0
      }
      await stage.context.until('All of it is acknowledged', settled)
      const before = await standing()
      const report = await two.bus.replay({ topic, limit: 6, into: { group: 'g' } })
      assert.deepEqual(report, { read: 6, matched: 6, replayed: 6, skipped: 0, complete: true })
      await seen.handled.reached(14)
      const again = seen.handled.items.slice(8)
      assert.deepEqual(ids(again.map(({ event }) => event)), expected)
      assert.deepEqual(
        again.map(({ event }) => event),
        seen.handled.items.slice(0, 6).map(({ event }) => event),
      )
      for (const { replayed, topic: told, consumerGroup, key, attempt } of again)
        assert.deepEqual([replayed, told, consumerGroup, key, attempt], [true, topic, 'g', 'k', 1])
      assert.ok(seen.handled.items.slice(0, 8).every(({ replayed }) => !replayed))
      const copies = await stored(stage, two, `${topic}.g.retry`, 6)
      assert.ok(copies.every(({ headers }) => headers['bus-replayed'] !== undefined))
      assert.deepEqual(await standing(), before)
      await one.bus.subscribe(topic, other.handle, { consumerGroup: 'other' })
      await one.bus.publish(topic, 'tested', 'last', { key: 'k' })
      await Promise.all(
        [seen, other, broadcast].map((all) => all.handled.first('the last', ({ event }) => event.payload === 'last')),
      )
      assert.deepEqual([seen.starts.count, other.starts.count, broadcast.starts.count], [15, 9, 9])
      assert.equal(other.starts.items[7]?.event.metadata.eventId, last, 'It went on where it was.')
      assert.equal((await eventsOf(two.bus.history(topic))).length, 9)
    }),
  },
  {
    tier: 'facade',
    name: 'a replayed event that fails is retried and dead-lettered like any other',
    promise: 'What goes wrong in a replay is not lost either.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, hooks } = process
      const seen = stage.recorder((_event, { replayed, attempt }) => {
        if (replayed) throw new Error(`attempt ${attempt}`)
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 1, retry: quick })
      const { metadata } = await bus.publish(topic, 'tested', 'x', { key: 'k' })
      await seen.handled.reached(1)
      await bus.replay({ topic, into: { group: 'g' } })
      await hooks.deadLetter.reached(1)
      assert.deepEqual(seen.attempts, [1, 1, 2])
      const [letter] = await lettersOf(process, { topic })
      assert.deepEqual(
        [letter?.event?.metadata.eventId, letter?.originalPosition, letter?.failureReason, letter?.originalTopic],
        [metadata.eventId, seen.starts.items[0]?.position, 'attempt 2', topic],
      )
    }),
  },
  {
    tier: 'facade',
    name: 'a replay can be filtered, limited, tried first, paced and stopped; what is no event is told and passed over',
    promise: 'One replays what one means to, at a pace that others can bear.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, adapter, hooks } = process
      await published(process, topic, 6)
      await adapter.publish([{ topic, key: 'k', headers: {}, body: 'no event' }])
      await bus.publish(topic, 'even', 8, { key: 'k' })
      await stored(stage, process, topic, 8)
      const replayed = async (
        options: Omit<Parameters<typeof bus.replay>[0], 'topic' | 'into'>,
      ): Promise<unknown[]> => {
        const seen = stage.recorder()
        const told: number[] = []
        const onProgress = (events: number): void => void told.push(events)
        const {
          read,
          matched,
          replayed: done,
          skipped,
        } = await bus.replay({ ...options, topic, into: seen.handle, onProgress })
        assert.deepEqual([done, told.at(-1) ?? 0], [seen.handled.count, seen.handled.count])
        return [seen.payloads, read, matched, skipped]
      }
      assert.deepEqual(await replayed({}), [[1, 2, 3, 4, 5, 6, 8], 8, 7, 1])
      assert.deepEqual(await replayed({ type: 'even', correlationId: 'late' }), [[4, 6], 8, 2, 1])
      assert.deepEqual(await replayed({ filter: ({ payload }) => payload > 4 }), [[5, 6, 8], 8, 3, 1])
      assert.deepEqual(await replayed({ limit: 2, filter: ({ payload }) => payload > 2 }), [[3, 4], 4, 2, 0])
      assert.deepEqual(await replayed({ key: 'other' }), [[], 8, 0, 0])
      assert.deepEqual(await replayed({ dryRun: true }), [[], 8, 7, 1])
      assert.deepEqual(hooks.error.items.map(({ operation, topic: told }) => [operation, told])[0], [
        'replaying',
        topic,
      ])
      const start = Date.now()
      assert.deepEqual(await replayed({ rate: 20, limit: 5 }), [[1, 2, 3, 4, 5], 5, 5, 0])
      assert.ok(Date.now() - start >= 100, 'Five at twenty a second, some of them made up for.')
      const stop = new AbortController()
      const seen = stage.recorder(({ payload }) => {
        if (payload === 3) stop.abort()
      })
      const report = await bus.replay({ topic, into: seen.handle, signal: stop.signal })
      assert.deepEqual([report.complete, report.replayed, seen.payloads], [false, 3, [1, 2, 3]])
    }),
  },
  {
    tier: 'facade',
    name: 'a replay runs inside the middleware, passes its flow on, and ends with the handler that throws',
    promise: 'A replayed event is handled as an event is, and nothing is skipped in silence.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus } = process
      const [, second] = await published(process, topic, 4)
      await stored(stage, process, topic, 4)
      const around: unknown[] = []
      bus.use(async (event, context, next) => {
        around.push([event.payload, context.replayed, context.topic])
        await next()
      })
      const seen = stage.recorder(async ({ payload }, context) => {
        if (payload === 3) throw new TypeError('not this one')
        await bus.publish(`${topic}-made`, 'made', payload)
        await assert.rejects(context.ack(), { code: 'BUS_CONFIG_INVALID' })
      })
      const error = await rejection(TypeError, bus.replay({ topic, into: seen.handle }))
      assert.equal(error.message, 'not this one')
      assert.deepEqual(
        around,
        [1, 2, 3].map((payload) => [payload, true, topic]),
      )
      const [, made] = await eventsOf(bus.history(`${topic}-made`))
      assert.deepEqual([made?.metadata.causationId, made?.metadata.correlationId], [second, 'early'])
    }),
  },
  {
    tier: 'facade',
    name: 'a replay into a group that is not there is refused, as is one into nothing',
    promise: 'Nobody would ever read it.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, adapter } = process
      await published(process, topic, 2)
      await stored(stage, process, topic, 2)
      await rejection(ConfigInvalidError, bus.replay({ topic, into: { group: 'nobody' } }))
      await rejection(ConfigInvalidError, bus.replay({ topic, into: {} as never }))
      await rejection(ConfigInvalidError, bus.replay({ topic, rate: 0, into: () => {} }))
      assert.ok(!(await adapter.listTopics()).includes(`${topic}.nobody.retry`))
    }),
  },
]
