import assert from 'node:assert/strict'
import { EventBusError, type SubscriptionOptions } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { eventsOf, onStage, quick } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'

const manual: SubscriptionOptions = { consumerGroup: 'g', autoAck: false, concurrency: 2, retry: quick }

export const manualAckCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'with autoAck: false an event is done when it is acknowledged, and its key is free then',
    promise: 'Work that goes on after the handler returned is not taken for done.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, manual)
      const publish = (payload: string): Promise<unknown> => bus.publish(topic, 'tested', payload, { key: payload[0] })
      for (const payload of ['a1', 'a2', 'b1']) await publish(payload)
      const b1 = await seen.starts.first('b1', ({ event }) => event.payload === 'b1')
      await b1.context.ack()
      await publish('b2')
      const b2 = await seen.starts.first('b2', ({ event }) => event.payload === 'b2')
      assert.ok(!seen.payloads.includes('a2'), 'a1 is not acknowledged.')
      await seen.starts.items.find(({ event }) => event.payload === 'a1')?.context.ack()
      const a2 = await seen.starts.first('a2', ({ event }) => event.payload === 'a2')
      await Promise.all([b2.context.ack(), a2.context.ack()])
      assert.ok(seen.attempts.every((attempt) => attempt === 1))
      assert.equal((await bus.getStats()).succeededEvents, 4)
    }),
  },
  {
    tier: 'facade',
    name: 'nack() has the event handled again, after the given delay or the computed one',
    promise: 'Saying no is as good as throwing.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(async (_event, context) => {
        if (context.attempt === 1) await context.nack({ delayMs: 80 })
        else if (context.attempt === 2) await context.nack()
        else if (context.attempt === 3) throw new Error('thrown')
        else await context.ack()
      })
      await bus.subscribe(topic, seen.handle, manual)
      for (const payload of [1, 2]) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.starts.reached(8)
      assert.deepEqual(
        seen.starts.items.map(({ event }) => event.payload),
        [1, 1, 1, 1, 2, 2, 2, 2],
      )
      assert.deepEqual(seen.attempts, [1, 2, 3, 4, 1, 2, 3, 4])
      assert.deepEqual(
        hooks.retry.items.map(({ delayMs }) => delayMs),
        [80, 5, 5, 80, 5, 5],
      )
      const [first, second] = seen.starts.items
      assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 80)
    }),
  },
  {
    tier: 'facade',
    name: 'deadLetter() buries the event at once, with its reason, whatever useDLQ says',
    promise: 'A handler that knows better need not throw four times.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder((_event, context) => context.deadLetter('a duplicate, Grüße'))
      for (const useDLQ of [true, false]) {
        await bus.subscribe(topic, seen.handle, { ...manual, consumerGroup: useDLQ ? 'with' : 'without', useDLQ })
      }
      const { metadata } = await bus.publish(topic, 'tested', 1, { key: 'k' })
      await hooks.deadLetter.reached(2)
      assert.deepEqual(seen.attempts, [1, 1])
      for (const group of ['with', 'without']) {
        const [dead] = await eventsOf(bus.history(`${topic}.${group}.dlq`))
        const { eventId, failureReason, failureKind, attempts } = dead?.metadata ?? {}
        assert.deepEqual(
          [eventId, failureReason, failureKind, attempts],
          [metadata.eventId, 'a duplicate, Grüße', 'rejected', 1],
        )
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an event that was not settled comes again when its subscription has closed, and a late ack() changes nothing',
    promise: 'Forgetting to acknowledge loses nothing.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [forgetful, seen] = [stage.recorder(), stage.recorder((_event, context) => context.ack())]
      await one.bus.subscribe(topic, forgetful.handle, manual)
      const published = await one.bus.publish(topic, 'tested', 'x', { key: 'k' })
      await forgetful.handled.reached(1)
      await one.bus.close({ timeoutMs: 50 })
      await forgetful.starts.items[0]?.context.ack()
      await two.bus.subscribe(topic, seen.handle, manual)
      await two.bus.publish(topic, 'tested', 'y', { key: 'k' })
      await seen.handled.reached(2)
      assert.deepEqual(seen.starts.items[0]?.event, published)
      assert.deepEqual(seen.payloads, ['x', 'y'])
    }),
  },
  {
    tier: 'facade',
    name: 'the first of ack(), nack() and deadLetter() counts',
    promise: 'An acknowledgement that comes too late cannot take back a retry, nor lose its event.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const seen = stage.recorder(async (_event, context) => {
        await context.nack({ delayMs: 1_500 })
        await context.ack()
        await context.deadLetter('too late')
      })
      const [acked, again] = [stage.recorder(), stage.recorder((_event, context) => context.ack())]
      await one.bus.subscribe(topic, seen.handle, manual)
      await one.bus.subscribe(topic, acked.handle, { ...manual, consumerGroup: 'acked' })
      await one.bus.publish(topic, 'tested', 'x', { key: 'k' })
      await one.hooks.retry.reached(1)
      const [start] = await acked.handled.reached(1)
      await start?.context.ack()
      await start?.context.nack()
      await one.bus.close()
      assert.deepEqual([one.hooks.deadLetter.count, one.hooks.retry.count], [0, 1])
      // It waits for its retry, so it is not done: another member has it next.
      await two.bus.subscribe(topic, again.handle, manual)
      const [second] = await again.handled.reached(1)
      assert.deepEqual([second?.event.payload, second?.attempt], ['x', 2])
      assert.ok((second?.at ?? 0) - (seen.starts.items[0]?.at ?? 0) >= 1_500, 'And not before its time.')
    }),
  },
  {
    tier: 'facade',
    name: 'ack(), nack() and deadLetter() are refused where the bus settles by itself',
    promise: 'A misunderstanding shows at once.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(async (_event, context) => {
        for (const call of [() => context.ack(), () => context.nack(), () => context.deadLetter('x')]) {
          assert.equal((await rejection(EventBusError, call())).code, 'BUS_CONFIG_INVALID')
        }
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', maxRetries: 0 })
      await bus.publish(topic, 'tested', 1)
      await seen.handled.reached(1)
    }),
  },
]
