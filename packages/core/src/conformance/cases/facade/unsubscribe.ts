import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { SubscriptionUnknownError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'

export const unsubscribeCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'unsubscribe() waits for the handler at work, and nothing is delivered after it',
    promise: 'When it resolves, what the handler uses can be taken away.',
    run: onStage(async (stage) => {
      for (const consumerGroup of [undefined, 'g']) {
        const [{ bus }, topic, gate] = [await stage.process(), stage.topic(), stage.gate()]
        const [seen, other] = [stage.recorder(() => gate.opened), stage.recorder()]
        const id = await bus.subscribe(topic, seen.handle, { consumerGroup })
        await bus.subscribe(topic, other.handle)
        for (const payload of [1, 2, 3]) await bus.publish(topic, 'tested', payload, { key: 'k' })
        await seen.starts.reached(1)
        let over = false
        const ending = bus.unsubscribe(id).then(() => (over = true))
        await bus.publish(topic, 'tested', 4, { key: 'k' })
        await other.handled.reached(4)
        assert.equal(over, false, 'A handler is still at work.')
        gate.open()
        await stage.within('unsubscribe()', ending)
        assert.equal(seen.handled.count, 1)
        await bus.publish(topic, 'tested', 5, { key: 'k' })
        await other.handled.reached(5)
        assert.equal(seen.starts.count, 1, 'What had not begun does not begin.')
        assert.equal((await bus.getStats()).activeSubscriptions, 1)
      }
    }),
  },
  {
    tier: 'facade',
    name: 'what was not begun when its subscription ended goes to another member, as if nobody had ever had it',
    promise: 'Scaling in loses nothing, repeats nothing and charges nothing.',
    run: onStage(async (stage) => {
      const [[one, two], topic, gate] = [await stage.processes(2), stage.topic(), stage.gate()]
      const [first, second] = [stage.recorder(() => gate.opened), stage.recorder()]
      const id = await one.bus.subscribe(topic, first.handle, { consumerGroup: 'g' })
      const payloads = Array.from({ length: 30 }, (_, index) => index + 1)
      await one.bus.publishBatch(
        topic,
        payloads.map((payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      await first.starts.reached(1)
      const ending = one.bus.unsubscribe(id)
      gate.open()
      await ending
      await two.bus.subscribe(topic, second.handle, { consumerGroup: 'g' })
      await second.handled.reached(29)
      assert.deepEqual([...first.payloads, ...second.payloads], payloads)
      assert.ok(second.attempts.every((attempt) => attempt === 1))
    }),
  },
  {
    tier: 'facade',
    name: 'a handler may end its own subscription',
    promise: 'Waiting for one event and leaving is a matter of three lines.',
    run: onStage(async (stage) => {
      for (const consumerGroup of [undefined, 'g']) {
        const [{ bus }, topic] = [await stage.process(), stage.topic()]
        let id = ''
        const seen = stage.recorder(async () => {
          await bus.unsubscribe(id)
        })
        id = await bus.subscribe(topic, seen.handle, { consumerGroup })
        for (const payload of [1, 2]) await bus.publish(topic, 'tested', payload, { key: 'k' })
        await seen.handled.reached(1)
        await stage.context.until('It is gone', async () => (await bus.getStats()).activeSubscriptions === 0)
        assert.equal(seen.starts.count, 1)
        if (consumerGroup === undefined) continue
        // Its own event is done, the other one is not.
        const next = stage.recorder()
        await bus.subscribe(topic, next.handle, { consumerGroup })
        await next.handled.reached(1)
        assert.deepEqual([next.starts.items[0]?.event.payload, next.attempts], [2, [1]])
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an event that waits for its retry does not hold up unsubscribe(), and keeps its number and its time',
    promise: 'Ending takes no longer than the handlers at work.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [first, second] = [stage.recorder(() => Promise.reject(new Error('no'))), stage.recorder()]
      const retry = { ...quick, initialDelayMs: 1_500, maxDelayMs: 1_500 }
      const id = await one.bus.subscribe(topic, first.handle, { consumerGroup: 'g', retry })
      await one.bus.publishBatch(
        topic,
        ['k', undefined].map((key) => ({ type: 'tested', payload: key ?? 'none', key })),
      )
      await one.hooks.retry.reached(2)
      await stage.within('unsubscribe()', one.bus.unsubscribe(id))
      await two.bus.subscribe(topic, second.handle, { consumerGroup: 'g', retry })
      await second.handled.reached(2)
      assert.deepEqual(second.attempts, [2, 2])
      for (const { event, at } of second.starts.items) {
        const failed = first.starts.items.find((start) => start.event.payload === event.payload)
        assert.ok(at - (failed?.at ?? 0) >= 1_500, 'Changing hands does not shorten a delay.')
      }
      assert.deepEqual(new Set(second.payloads), new Set(['k', 'none']))
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription ends when its signal aborts, also if that is before it begins',
    promise: 'One AbortController ends everything that belongs together.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, stop] = [await stage.process(), stage.topic(), new AbortController()]
      const [seen, other] = [stage.recorder(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { signal: stop.signal })
      await bus.subscribe(topic, other.handle)
      await bus.publish(topic, 'tested', 1, { key: 'k' })
      await Promise.all([seen.handled.reached(1), other.handled.reached(1)])
      stop.abort()
      await bus.subscribe(topic, seen.handle, { signal: stop.signal })
      await stage.context.until('It is gone', async () => (await bus.getStats()).activeSubscriptions === 1)
      await bus.publish(topic, 'tested', 2, { key: 'k' })
      await other.handled.reached(2)
      assert.equal(seen.starts.count, 1)
      const unused = new AbortController()
      await bus.unsubscribe(await bus.subscribe(topic, seen.handle, { signal: unused.signal }))
      await bus.publish(topic, 'tested', 3, { signal: unused.signal })
      assert.deepEqual(getEventListeners(unused.signal, 'abort'), [], 'Nobody listens to it any more.')
    }),
  },
  {
    tier: 'facade',
    name: 'unsubscribe() names an id that it does not know',
    promise: 'A typing error is not taken for success.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      await rejection(SubscriptionUnknownError, bus.unsubscribe('unknown'))
      const seen = stage.recorder()
      const id = await bus.subscribe(topic, seen.handle)
      await bus.publish(topic, 'tested', 1)
      await seen.handled.reached(1)
      await Promise.all([bus.unsubscribe(id), bus.unsubscribe(id)])
      await rejection(SubscriptionUnknownError, bus.unsubscribe(id))
      assert.equal((await bus.getStats()).deliveredEvents, 1, 'Ending twice does not count twice.')
    }),
  },
]
