import assert from 'node:assert/strict'
import { RetryAfterError, type RetryOptions } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick, type Stage } from '../../support/facade-stage.ts'
import { withAndWithoutKey } from '../../support/messages.ts'

/** Lets one event fail `failures` times and returns what was announced, having checked that no start came early. */
async function announced(
  stage: Stage,
  retry: RetryOptions,
  failures: number,
  fail: (attempt: number) => Error,
): Promise<number[]> {
  const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
  const seen = stage.recorder((_event, { attempt }) => {
    if (attempt <= failures) throw fail(attempt)
  })
  await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', maxRetries: failures, retry })
  await bus.publish(topic, 'tested', 1)
  await seen.handled.reached(1)
  const delays = hooks.retry.items.map(({ delayMs }) => delayMs)
  for (const [index, delayMs] of delays.entries()) {
    const [failed, next] = [seen.starts.items[index], seen.starts.items[index + 1]]
    const waited = (next?.at ?? 0) - (failed?.at ?? 0)
    assert.ok(
      waited >= delayMs,
      `Start ${index + 2} came ${waited} ms after the one before; ${delayMs} ms were announced.`,
    )
  }
  assert.deepEqual(
    seen.attempts,
    Array.from({ length: failures + 1 }, (_, index) => index + 1),
  )
  return delays
}

export const retryCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'an event whose handler fails is handled again, and the handler is told which start it is',
    promise: 'A passing failure needs no code: throw, and the same event comes again with the next number.',
    run: onStage((stage) =>
      withAndWithoutKey(async (key) => {
        const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
        const failures = [
          (): never => {
            throw new TypeError('thrown')
          },
          async (): Promise<never> => {
            await Promise.resolve()
            throw new TypeError('rejected')
          },
        ]
        const seen = stage.recorder(({ payload }, { attempt }) =>
          payload === 'next' ? undefined : failures[attempt - 1]?.(),
        )
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
        const published = await bus.publish(topic, 'tested', { a: 1 }, { key })
        await bus.publish(topic, 'tested', 'next', { key })
        await seen.handled.reached(2)
        const starts = seen.starts.items.filter(({ event }) => event.payload !== 'next')
        assert.deepEqual(
          starts.map(({ attempt }) => attempt),
          [1, 2, 3],
        )
        for (const { event, position, key: told } of starts) {
          assert.deepEqual(event, published)
          assert.deepEqual([position, told], [starts[0]?.position, key])
        }
        const about = {
          topic,
          consumerGroup: 'g',
          eventId: published.metadata.eventId,
          type: 'tested',
          key,
          correlationId: undefined,
          metadata: published.metadata,
          deferred: false,
        }
        const told = hooks.retry.items.map(({ error, delayMs: _delayMs, ...rest }) => ({
          ...rest,
          error: String(error),
        }))
        assert.deepEqual(told, [
          { ...about, attempts: 1, error: 'TypeError: thrown' },
          { ...about, attempts: 2, error: 'TypeError: rejected' },
        ])
      }),
    ),
  },
  {
    tier: 'facade',
    name: 'delays grow by the factor up to the longest one, and are kept to the millisecond',
    promise: 'Back-off is min(maxDelayMs, initialDelayMs · factor^(n−1)), and a start is never earlier than announced.',
    run: onStage(async (stage) => {
      const retry = { initialDelayMs: 20, factor: 2, maxDelayMs: 100, jitter: 0 }
      assert.deepEqual(await announced(stage, retry, 5, () => new Error('no')), [20, 40, 80, 100, 100])
    }),
  },
  {
    tier: 'facade',
    name: 'jitter only lengthens a delay, by its share at most',
    promise: 'Failures that began together do not come back together, and none comes back too early.',
    run: onStage(async (stage) => {
      const retry = { initialDelayMs: 20, factor: 1, maxDelayMs: 20, jitter: 1 }
      const delays = await announced(stage, retry, 16, () => new Error('no'))
      assert.ok(
        delays.every((delay) => delay >= 20 && delay <= 40),
        delays.join(', '),
      )
      assert.ok(new Set(delays).size > 1, 'They differ.')
    }),
  },
  {
    tier: 'facade',
    name: 'a handler may set the delay itself, and the start counts like any other',
    promise: 'An API that says "try again in a minute" is taken at its word.',
    run: onStage(async (stage) => {
      const retry = { initialDelayMs: 10, factor: 2, maxDelayMs: 1_000, jitter: 0 }
      const fail = (attempt: number): Error => (attempt % 2 === 1 ? new RetryAfterError(60 + attempt) : new Error('no'))
      assert.deepEqual(await announced(stage, retry, 4, fail), [61, 20, 63, 80])
    }),
  },
  {
    tier: 'facade',
    name: 'an event without a key that waits for its retry does not hold up the others',
    promise: 'One failing event is not the end of the stream, also with one handler at a time.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const gate = stage.gate()
      const seen = stage.recorder(async ({ payload }, { attempt }) => {
        if (payload !== 'bad') return
        // The delay begins when all are in the hands of the subscription.
        await gate.opened
        if (attempt === 1) throw new RetryAfterError(400)
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await bus.publish(topic, 'tested', 'bad')
      await seen.starts.reached(1)
      const others = Array.from({ length: 20 }, (_, index) => index)
      await bus.publishBatch(
        topic,
        others.map((payload) => ({ type: 'tested', payload })),
      )
      gate.open()
      await seen.handled.reached(others.length + 1)
      assert.equal(seen.payloads.at(-1), 'bad')
      assert.deepEqual(new Set(seen.payloads.slice(0, -1)), new Set(others))
    }),
  },
  {
    tier: 'facade',
    name: 'a stream goes on after many failures in a row',
    promise: 'A backend that was down for a while leaves no event behind.',
    run: onStage((stage) =>
      withAndWithoutKey(async (key) => {
        const [{ bus }, topic] = [await stage.process(), stage.topic()]
        let down = true
        const seen = stage.recorder(() => {
          if (down) throw new Error('down')
        })
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', concurrency: 4, maxRetries: 1_000, retry: quick })
        const numbers = Array.from({ length: 20 }, (_, index) => index)
        await bus.publishBatch(
          topic,
          numbers.map((payload) => ({ type: 'tested', payload, key })),
        )
        await seen.starts.reached(60)
        down = false
        await seen.handled.reached(numbers.length)
        assert.deepEqual(new Set(seen.payloads), new Set(numbers))
        assert.equal(seen.handled.count, numbers.length)
        if (key !== undefined) assert.deepEqual(seen.payloads, numbers)
      }),
    ),
  },
]
