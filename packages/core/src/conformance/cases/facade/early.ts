import assert from 'node:assert/strict'
import { RetryAfterError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { impatient } from '../../support/facade-early.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const earlyCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'where the backend cannot wait the bus waits: nothing is handled early, and nothing is held up',
    promise: 'Delays mean the same on every backend.',
    run: onStage(async (stage) => {
      for (const consumerGroup of ['g', undefined]) {
        const [{ bus }, topic] = [await stage.process({ around: impatient }), stage.topic()]
        const seen = stage.recorder(({ payload }, { attempt }) => {
          if (payload === 'deferred' && attempt === 1) throw new RetryAfterError(400)
        })
        const retry = { ...quick, holdUpToMs: 0 }
        await bus.subscribe(topic, seen.handle, { consumerGroup, prefetch: 4, retry })
        const start = Date.now()
        const later = Array.from({ length: 12 }, (_, index) => 1_500 + index)
        await bus.publishBatch(
          topic,
          later.map((payload) => ({
            type: 'tested',
            payload,
            deliverAt: new Date(start + payload),
            key: `k${payload % 2}`,
          })),
        )
        for (const payload of ['deferred', 'now']) await bus.publish(topic, 'tested', payload)
        await seen.handled.reached(14)
        assert.equal(seen.payloads[0], 'now', 'It had nothing to wait for.')
        const [first, second] = seen.starts.items.filter(({ event }) => event.payload === 'deferred')
        assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 400)
        for (const { event, at } of seen.starts.items) {
          if (typeof event.payload === 'number')
            assert.ok(at >= start + event.payload, `${event.payload} after ${at - start} ms`)
        }
        assert.deepEqual(new Set(seen.payloads), new Set(['now', 'deferred', ...later]))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'what waits in the hands of a member goes to the next one when it ends, and is not handled early there',
    promise: 'A deployment changes nothing about a delay.',
    run: onStage(async (stage) => {
      const [one, two] = [await stage.process({ around: impatient }), await stage.process({ around: impatient })]
      const [topic, gone, seen] = [stage.topic(), stage.recorder(), stage.recorder()]
      await one.bus.subscribe(topic, gone.handle, { consumerGroup: 'g' })
      const due = Date.now() + 1_000
      await one.bus.publishBatch(
        topic,
        [1, 2, 3].map((payload) => ({ type: 'tested', payload, deliverAt: new Date(due), key: 'k' })),
      )
      await one.bus.publish(topic, 'tested', 'now', { key: 'k' })
      await gone.handled.reached(1)
      await one.bus.close()
      await two.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await seen.handled.reached(3)
      assert.deepEqual([gone.payloads, seen.payloads], [['now'], [1, 2, 3]])
      assert.ok(seen.starts.items.every(({ at, attempt }) => at >= due && attempt === 1))
    }),
  },
  {
    tier: 'facade',
    name: 'however many events wait for their time, those that are due are handled',
    promise: 'A million reminders for next week do not delay the mail of today.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process({ around: impatient }), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const nextWeek = Array.from({ length: 100 }, (_, payload) => ({ type: 'tested', payload, delayMs: 600_000 }))
      for (let batch = 0; batch < 11; batch++) await bus.publishBatch(topic, nextWeek)
      for (const key of ['k', undefined]) {
        await bus.publish(topic, 'tested', 'soon', { delayMs: 150, key })
        await bus.publish(topic, 'tested', 'now', { key })
      }
      await seen.handled.reached(4)
      assert.deepEqual(seen.payloads.toSorted(), ['now', 'now', 'soon', 'soon'])
      assert.equal(seen.starts.count, 4)
      await stage.within('close()', bus.close())
    }),
  },
]
