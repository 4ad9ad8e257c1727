import assert from 'node:assert/strict'
import type { Logger } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage } from '../../support/facade-stage.ts'
import { faultyAdapter, type Faults } from '../../support/faulty-adapter.ts'
import { rejection } from '../../support/facade-rejection.ts'

export const troubleCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a backend that cannot deliver for a while is asked again, and the trouble is reported',
    promise: 'An outage of the backend ends when the backend is back, without a restart.',
    run: onStage(async (stage) => {
      const [topic, faults, seen]: [string, Faults, ReturnType<typeof stage.recorder>] = [
        stage.topic(),
        {},
        stage.recorder(),
      ]
      const { bus, hooks } = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      let outages = 3
      faults.pull = () => (outages-- > 0 ? new Error('away') : undefined)
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      for (const payload of [1, 2, 3]) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.reached(3)
      assert.deepEqual(seen.payloads, [1, 2, 3])
      assert.equal(hooks.error.count, 3)
      for (const { error, operation, topic: where, consumerGroup } of hooks.error.items) {
        assert.deepEqual(
          [String(error), operation, where, consumerGroup],
          ['Error: away', 'receiving events', topic, 'g'],
        )
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an acknowledgement that fails is reported, and the stream goes on',
    promise: 'At worst an event comes once more.',
    run: onStage(async (stage) => {
      const [topic, faults, seen]: [string, Faults, ReturnType<typeof stage.recorder>] = [
        stage.topic(),
        {},
        stage.recorder(),
      ]
      const { bus, hooks } = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      faults.ack = () => new Error('away')
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      for (const payload of [1, 2]) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await hooks.error.reached(2)
      faults.ack = undefined
      await bus.publish(topic, 'tested', 3, { key: 'k' })
      await seen.handled.first('the third one', ({ event }) => event.payload === 3)
      assert.deepEqual(
        hooks.error.items.map(({ operation }) => operation),
        ['acknowledging', 'acknowledging'],
      )
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription that cannot begin is rejected and leaves nothing behind',
    promise: 'A service that starts too early fails loudly, and can try again.',
    run: onStage(async (stage) => {
      const [topic, faults, seen]: [string, Faults, ReturnType<typeof stage.recorder>] = [
        stage.topic(),
        {},
        stage.recorder(),
      ]
      const { bus } = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      faults.consume = () => new Error('away')
      const error = await rejection(Error, bus.subscribe(topic, seen.handle, { consumerGroup: 'g' }))
      assert.match(error.message, /away/)
      assert.equal((await bus.getStats()).activeSubscriptions, 0)
      faults.consume = undefined
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await bus.publish(topic, 'tested', 1)
      await seen.handled.reached(1)
      assert.equal(seen.starts.count, 1)
    }),
  },
  {
    tier: 'facade',
    name: 'trouble that nobody listens for is logged, and listeners can do no harm',
    promise: 'Nothing fails in silence.',
    run: onStage(async (stage) => {
      const errors: string[] = []
      const ignore = (): void => {}
      const logger: Logger = {
        debug: ignore,
        info: ignore,
        warn: ignore,
        error: (message) => void errors.push(message),
      }
      const [{ bus, hooks }, topic, seen] = [await stage.process({ logger }), stage.topic(), stage.recorder()]
      let heard = 0
      const stop = bus.on('failed', () => heard++)
      bus.on('failed', () => {
        throw new Error('a listener that fails')
      })
      await bus.subscribe(topic, ({ payload }) => (payload === 'x' ? Promise.reject(new Error('no')) : undefined), {
        consumerGroup: 'g',
        maxRetries: 0,
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'h' })
      await bus.publish(topic, 'tested', 'x')
      await hooks.failed.reached(1)
      stop()
      await bus.publish(topic, 'tested', 'x')
      await hooks.failed.reached(2)
      await seen.handled.reached(2)
      assert.equal(heard, 1)
      assert.ok(errors.some((message) => message.includes('given up')))
      assert.ok(errors.some((message) => message.includes('listener')))
    }),
  },
]
