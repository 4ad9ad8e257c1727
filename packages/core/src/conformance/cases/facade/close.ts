import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, EventBus } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, silent } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'

export const closeCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'after close() everything is rejected with an error that says so',
    promise: 'Using a closed bus is a mistake that shows.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      await bus.publish(topic, 'tested', 1)
      const closing = bus.close()
      const calls = (): Promise<unknown>[] => [
        bus.publish(topic, 'tested', 2),
        bus.publishBatch(topic, [{ type: 'tested', payload: 3 }]),
        bus.subscribe(topic, () => {}),
        bus.history(topic).next(),
      ]
      for (const call of calls()) await rejection(ClosedError, call)
      await closing
      for (const call of calls()) {
        const error = await rejection(ClosedError, call)
        assert.deepEqual([error.code, error.stored], ['BUS_CLOSED', 'no'])
      }
    }),
  },
  {
    tier: 'facade',
    name: 'close() may be called as often as one likes, at once, and before anything was done',
    promise: 'Shutting down needs no bookkeeping.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      await process.bus.subscribe(topic, () => {}, { consumerGroup: 'g' })
      await stage.within('close()', Promise.all([process.bus.close(), process.bus.close(), process.bus.close()]))
      await stage.within('close() again', process.bus.close())
      await stage.within('dispose', process.bus[Symbol.asyncDispose]())
      await stage.within('close() of an unused bus', new EventBus(process.adapter).close())
    }),
  },
  {
    tier: 'facade',
    name: 'a bus with nothing to do closes at once, however many subscriptions it has',
    promise: 'A deployment does not wait for timeouts of a broker.',
    run: onStage(async (stage) => {
      const { bus } = await stage.process()
      const topics = Array.from({ length: 4 }, () => stage.topic())
      const seen = stage.recorder()
      for (const [index, topic] of topics.entries()) {
        await bus.subscribe(topic, seen.handle, { consumerGroup: index % 2 === 0 ? 'g' : undefined })
      }
      await Promise.all(topics.map((topic) => bus.publish(topic, 'tested', 1)))
      await seen.handled.reached(topics.length)
      await stage.within('close()', bus.close({ timeoutMs: 60_000 }), 4_000)
    }),
  },
  {
    tier: 'facade',
    name: 'close() from inside a handler does not hang, and the event of that handler is done',
    promise: 'A handler may decide that it is time to go.',
    run: onStage(async (stage) => {
      const [[one, two], topic, gate] = [await stage.processes(2), stage.topic(), stage.gate()]
      let closedInside = false
      const beside = stage.recorder(async () => {
        await gate.opened
        await sleep(100)
      })
      const seen = stage.recorder(async () => {
        const closing = one.bus.close()
        gate.open()
        await closing
        assert.equal(beside.handled.count, 1, 'The other handlers were waited for.')
        await one.bus.close()
        closedInside = true
      })
      const other = stage.topic()
      await one.bus.subscribe(other, beside.handle, { consumerGroup: 'g' })
      await one.bus.subscribe(topic, seen.handle, { consumerGroup: 'g', maxRetries: 0 })
      await one.bus.publish(other, 'tested', 1)
      await beside.starts.reached(1)
      for (const payload of [1, 2]) await two.bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.reached(1)
      assert.ok(closedInside)
      await stage.within('close() from outside', one.bus.close())
      const next = stage.recorder()
      await two.bus.subscribe(topic, next.handle, { consumerGroup: 'g' })
      await next.handled.reached(1)
      assert.deepEqual([next.payloads, next.attempts, seen.starts.count], [[2], [1], 1])
    }),
  },
  {
    tier: 'facade',
    name: 'a bus closes the adapter that it made, and no other',
    promise: 'Several buses can share a connection, and one that owns it leaves no socket behind.',
    run: onStage(async (stage) => {
      const [owner, topic] = [await stage.context.create(), stage.topic()]
      const { adapter } = await stage.process()
      const [owning, sharing] = [new EventBus(owner, 'a', { ownsAdapter: true }), new EventBus(adapter)]
      await owning.publish(topic, 'tested', 1)
      await sharing.publish(topic, 'tested', 1)
      assert.deepEqual([await owning.isHealthy(), await sharing.isHealthy()], [true, true])
      await Promise.all([owning.close(), sharing.close()])
      await adapter.ping()
      await rejection(ClosedError, owner.ping())
      assert.equal(await owning.isHealthy(), false, 'It says so itself.')
    }),
  },
  {
    tier: 'facade',
    name: 'a subscribe() that is under way when the bus closes leaves nothing behind',
    promise: 'Closing is the end, however the calls cross.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [late, seen] = [stage.recorder(), stage.recorder()]
      const options = [{}, { consumerGroup: 'g' }]
      const subscribing = Promise.allSettled(options.map((option) => one.bus.subscribe(topic, late.handle, option)))
      await one.bus.close()
      await stage.within('subscribe()', subscribing)
      await two.bus.subscribe(topic, seen.handle)
      await two.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      for (const payload of [1, 2]) await two.bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.reached(4)
      assert.equal(late.starts.count, 0)
    }),
  },
  {
    tier: 'facade',
    name: 'a bus whose adapter was closed under it says so, does not spin, and can be closed',
    promise: 'Closing in the wrong order is a mistake that shows, and harms nothing.',
    run: onStage(async (stage) => {
      const [adapter, topic] = [await stage.context.create(), stage.topic()]
      const bus = new EventBus(adapter, 'conformance', { logger: silent })
      for (const consumerGroup of [undefined, 'g']) await bus.subscribe(topic, () => {}, { consumerGroup })
      await bus.publish(topic, 'tested', 1)
      await adapter.close()
      // Nothing more would ever run in this process if it span.
      await stage.quiet()
      assert.equal(await bus.isHealthy(), false)
      await rejection(ClosedError, bus.publish(topic, 'tested', 2))
      await stage.within('close()', bus.close())
    }),
  },
]
