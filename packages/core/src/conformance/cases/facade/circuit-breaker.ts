import assert from 'node:assert/strict'
import { ConfigInvalidError, NonRetryableError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const circuitBreakerCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a circuit breaker pauses the subscription while everything fails, and charges no event for what it tries meanwhile',
    promise: 'While a database is down events wait with the backend instead of becoming dead letters.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      let down = true
      const seen = stage.recorder(() => {
        if (down) throw new Error('the database is down')
      })
      const other = stage.recorder()
      const circuitBreaker = { failures: 3, resetMs: 60 }
      // So few attempts that every event would be dead long before the end.
      const options = { consumerGroup: 'g', useDLQ: true, maxRetries: 1, retry: quick, circuitBreaker }
      await bus.subscribe(topic, seen.handle, options)
      await bus.subscribe(topic, other.handle, { consumerGroup: 'other' })
      await bus.publishBatch(
        topic,
        Array.from({ length: 40 }, (_, payload) => ({ type: 'tested', payload, key: `k${payload % 5}` })),
      )
      await hooks.circuit.until('four times open', (items) => items.filter(({ state }) => state === 'open').length >= 4)
      const dead = hooks.deadLetter.count
      assert.ok(dead <= 2, 'Only those whose failures opened it may have used up their attempts.')
      assert.ok(seen.starts.count <= 3 + 4, `One at a time is tried; there were ${seen.starts.count} starts.`)
      const { subscriptions } = await bus.getStats()
      assert.ok(subscriptions.some(({ circuit }) => circuit === 'open' || circuit === 'half-open'))
      assert.equal((await bus.getHealth()).live, true, 'Restarting the process would not help.')
      await other.handled.reached(40)
      down = false
      await seen.handled.reached(40 - dead)
      assert.equal(hooks.deadLetter.count, dead)
      assert.equal(hooks.circuit.items.at(-1)?.state, 'closed')
      const [first] = hooks.circuit.items
      assert.deepEqual(
        [first?.state, first?.topic, first?.consumerGroup, String(first?.error)],
        ['open', topic, 'g', 'Error: the database is down'],
      )
      for (const n of [0, 1, 2, 3, 4]) {
        const ofKey = seen.payloads.filter((payload) => Number(payload) % 5 === n)
        assert.deepEqual(
          ofKey,
          ofKey.toSorted((a, b) => Number(a) - Number(b)),
          'In order, as ever.',
        )
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a half-open circuit breaker has one handler at work, until that one ends and whatever older ones come to',
    promise: 'What has just come back is not met by all that waited.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const calls: { succeed(): void; fail(error: Error): void }[] = []
      let down = true
      const seen = stage.recorder(() => {
        if (!down) return Promise.resolve()
        return new Promise((resolve, reject) => calls.push({ succeed: resolve, fail: reject }))
      })
      const states = (): string[] => hooks.circuit.items.map(({ state }) => state)
      const halfOpen = (times: number): Promise<void> =>
        hooks.circuit.until('half-open', () => states().filter((state) => state === 'half-open').length === times)
      const circuitBreaker = { failures: 1, resetMs: 20 }
      const options = { consumerGroup: 'g', concurrency: 8, useDLQ: true, retry: quick, circuitBreaker }
      await bus.subscribe(topic, seen.handle, options)
      const publish = async (count: number): Promise<unknown> =>
        bus.publishBatch(
          topic,
          Array.from({ length: count }, (_, payload) => ({ type: 'tested', payload })),
        )
      await publish(4)
      await seen.starts.reached(4)
      calls[0]?.fail(new Error('the database is down'))
      await halfOpen(1)
      await publish(8)
      await seen.starts.reached(5)
      const inHand = async (): Promise<number> => (await bus.getStats()).subscriptions[0]?.inFlight ?? 0
      await stage.context.until('Some more wait in hand', async () => (await inHand()) >= 7)
      // Three are at work since before it opened. What they come to is not what is tried.
      calls[1]?.fail(new NonRetryableError('bad data'))
      calls[2]?.fail(new Error('the database was down'))
      calls[3]?.succeed()
      await Promise.all([hooks.deadLetter.reached(1), seen.handled.reached(1)])
      assert.deepEqual([seen.starts.count, states()], [5, ['open', 'half-open']])
      calls[4]?.fail(new Error('the database is still down'))
      await halfOpen(2)
      await seen.starts.reached(6)
      assert.deepEqual([seen.starts.count, states()], [6, ['open', 'half-open', 'open', 'half-open']])
      down = false
      calls[5]?.succeed()
      await seen.handled.reached(11)
      assert.deepEqual([states().at(-1), hooks.deadLetter.count], ['closed', 1])
    }),
  },
  {
    tier: 'facade',
    name: 'a circuit breaker counts failures in a row, and not those that are the fault of the event',
    promise: 'A few bad events among good ones stop nobody.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(({ payload }) => {
        if (payload === 'hopeless') throw new NonRetryableError('bad data')
        if (payload === 'bad') throw new Error('no')
      })
      await bus.subscribe(topic, seen.handle, {
        consumerGroup: 'g',
        useDLQ: true,
        maxRetries: 0,
        circuitBreaker: { failures: 2, resetMs: 600_000 },
      })
      const payloads = ['bad', 'good', 'bad', 'hopeless', 'hopeless', 'hopeless', 'good', 'bad', 'last']
      await bus.publishBatch(
        topic,
        payloads.map((payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      await seen.handled.first('the last', ({ event }) => event.payload === 'last')
      assert.deepEqual([hooks.deadLetter.count, hooks.circuit.count], [6, 0])
      await rejection(
        ConfigInvalidError,
        bus.subscribe(topic, () => {}, { circuitBreaker: { failures: 0 } }),
      )
    }),
  },
  {
    tier: 'facade',
    name: 'a rate limit holds a handler to its pace, and loses nothing',
    promise: 'A partner who allows so many calls a second is not asked more often.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const [seen, other] = [stage.recorder(), stage.recorder()]
      const options = { consumerGroup: 'g', concurrency: 8, rateLimit: { perSecond: 50 }, types: ['wanted'] }
      await bus.subscribe(topic, seen.handle, options)
      await bus.subscribe(topic, other.handle, { consumerGroup: 'other' })
      await bus.publishBatch(
        topic,
        Array.from({ length: 60 }, (_, payload) => ({ type: payload % 2 === 0 ? 'wanted' : 'other', payload })),
      )
      await seen.handled.reached(30)
      const times = seen.starts.items.map(({ at }) => at)
      // A tenth of a second's worth may be made up for; the clock counts whole milliseconds.
      for (const [index, at] of times.entries()) {
        const before = times[index - 10] ?? Number.NEGATIVE_INFINITY
        assert.ok(at - before >= (10 - 5) * 20 - 5, `Ten starts within ${at - before} ms.`)
      }
      assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) >= (29 - 5) * 20 - 5)
      await other.handled.reached(60)
      await rejection(
        ConfigInvalidError,
        bus.subscribe(topic, () => {}, { rateLimit: { perSecond: 0 } }),
      )
    }),
  },
]
