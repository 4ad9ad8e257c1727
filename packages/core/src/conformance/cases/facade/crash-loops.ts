import assert from 'node:assert/strict'
import type { EventBusAdapter } from '../../../spi/index.ts'
import type { ConformanceCase } from '../../case.ts'
import { decorateDeliveries, decorateDelivery } from '../../support/decorate.ts'
import { eventsOf, onStage } from '../../support/facade-stage.ts'
import { bodyOf } from '../../support/messages.ts'

/** As if the process had died so often while these events were handled. */
function deaths(count: number): (adapter: EventBusAdapter) => EventBusAdapter {
  return (adapter) =>
    decorateDeliveries(adapter, (delivery) =>
      decorateDelivery(delivery, { redeliveries: bodyOf(delivery.message).includes('"killer"') ? count : 0 }),
    )
}

export const crashLoopCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'an event that killed its process too often is no longer started, and the events behind it flow',
    promise: 'A crash loop ends by itself.',
    run: onStage(async (stage) => {
      for (const useDLQ of [true, false]) {
        const [{ bus, hooks }, topic] = [await stage.process({ around: deaths(5) }), stage.topic()]
        const seen = stage.recorder()
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ })
        const [killer] = await bus.publishBatch(
          topic,
          ['killer', 'good'].map((payload) => ({ type: 'tested', payload, key: 'k' })),
        )
        await seen.handled.reached(1)
        assert.deepEqual(
          seen.starts.items.map(({ event }) => event.payload),
          ['good'],
        )
        const [told] = await (useDLQ ? hooks.deadLetter : hooks.failed).reached(1)
        assert.deepEqual([told?.reason, told?.eventId], ['crashed', killer?.metadata.eventId])
        if (!useDLQ) continue
        const [dead] = await eventsOf(bus.history(`${topic}.g.dlq`))
        assert.deepEqual([dead?.payload, dead?.metadata.failureKind], ['killer', 'crashed'])
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an event whose process died less often than maxDeliveries allows is handled',
    promise: 'A deployment that was killed costs nobody an event.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process({ around: deaths(5) }), stage.topic()]
      const seen = stage.recorder()
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', maxDeliveries: 6 })
      await bus.publish(topic, 'tested', 'killer')
      await seen.handled.reached(1)
      assert.deepEqual([seen.payloads, hooks.failed.count], [['killer'], 0])
    }),
  },
]
