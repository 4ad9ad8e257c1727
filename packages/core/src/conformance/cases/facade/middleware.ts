import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const middlewareCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'middleware runs around every start of every handler, the first one outermost',
    promise: 'Logging, tracing and transactions are written once, and nest as they were added.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, steps] = [await stage.process(), stage.topic(), [] as string[]]
      const seen = stage.recorder((_event, { attempt }) => {
        steps.push(`handler ${attempt}`)
        if (attempt === 1) throw new Error('no')
      })
      bus.use(async (event, context, next) => {
        steps.push(`outer of ${event.payload}, attempt ${context.attempt}, topic ${context.topic === topic}`)
        try {
          await next()
          steps.push('outer: done')
        } catch (error) {
          steps.push(`outer: ${(error as Error).message}`)
          throw error
        }
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      // Also for subscriptions that are there already.
      bus.use(async (_event, _context, next) => {
        steps.push('inner')
        await sleep(1)
        await next()
        steps.push('inner: done')
      })
      await bus.publish(topic, 'tested', 'x')
      await seen.handled.reached(1)
      await stage.context.until('The middleware is done', () => steps.at(-1) === 'outer: done')
      assert.deepEqual(steps, [
        'outer of x, attempt 1, topic true',
        'inner',
        'handler 1',
        'outer: no',
        'outer of x, attempt 2, topic true',
        'inner',
        'handler 2',
        'inner: done',
        'outer: done',
      ])
    }),
  },
  {
    tier: 'facade',
    name: 'what middleware throws counts as a failure of the handler, before it and after it',
    promise: 'A transaction that cannot be committed is a failed start.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      bus.use(async (_event, { attempt }, next) => {
        if (attempt === 1) throw new TypeError('before')
        await next()
        if (attempt === 2) throw new TypeError('after')
      })
      bus.use((_event, { attempt }, next) => {
        if (attempt === 3) throw new TypeError('not even a promise')
        return next()
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 3, retry: quick })
      await bus.publish(topic, 'tested', 'x', { key: 'k' })
      await bus.publish(topic, 'tested', 'y', { key: 'k' })
      await seen.handled.reached(4)
      assert.deepEqual(
        seen.starts.items.map(({ event, attempt }) => `${event.payload}/${attempt}`),
        ['x/2', 'x/4', 'y/2', 'y/4'],
      )
      assert.deepEqual(
        hooks.retry.items.slice(0, 3).map(({ error }) => String(error)),
        ['TypeError: before', 'TypeError: after', 'TypeError: not even a promise'],
      )
      assert.equal(hooks.deadLetter.count, 0)
    }),
  },
  {
    tier: 'facade',
    name: 'middleware may keep an event from its handler, and may hand it over changed',
    promise: 'Deduplication, decryption and tenants need no support from the bus.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder((_event, { attempt }) => {
        if (attempt === 1) throw new Error('once')
      })
      const other = stage.recorder()
      bus.use(async (event, { consumerGroup }, next) => {
        if (consumerGroup !== 'g') return next()
        if (event.payload.skip === true) return
        event.payload.count += 1
        await next()
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      await bus.subscribe(topic, other.handle)
      for (const payload of [{ count: 0 }, { skip: true }, { count: 5 }])
        await bus.publish(topic, 'tested', payload, { key: 'k' })
      await Promise.all([seen.handled.reached(2), other.handled.reached(3)])
      assert.deepEqual(
        seen.starts.items.map(({ event }) => event.payload.count),
        [1, 1, 6, 6],
        'Not added up over retries.',
      )
      assert.deepEqual(other.payloads, [{ count: 0 }, { skip: true }, { count: 5 }])
      assert.deepEqual([hooks.failed.count, hooks.deadLetter.count], [0, 0])
    }),
  },
  {
    tier: 'facade',
    name: 'middleware that says what it is for goes where it belongs, whenever it is added',
    promise: 'A wrong order cannot be built, whichever library adds its part first.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, steps] = [await stage.process(), stage.topic(), [] as string[]]
      const places = [
        'recover',
        'trace',
        'metrics',
        'timeout',
        'circuitBreaker',
        'idempotency',
        'validation',
        'handler',
      ] as const
      for (const place of places.toReversed()) {
        bus.use({
          place,
          async handle(_event, { attempt }, next) {
            steps.push(place)
            if (place === 'timeout' && attempt === 1) throw new Error('no')
            await next()
          },
        })
      }
      bus.use((_event, _context, next) => {
        steps.push('plain')
        return next()
      })
      const seen = stage.recorder()
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      await bus.publish(topic, 'tested', 'x')
      await seen.handled.reached(1)
      assert.deepEqual(steps, [...places.slice(0, 4), ...places, 'plain'])
    }),
  },
]
