import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { onStage } from '../../support/facade-stage.ts'

export const delayCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a delayed event is handled not before its time, by every group once, and in the order of due times',
    promise: 'A reminder is never early, and needs no timer in the service that sets it.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const recorders = [stage.recorder(), stage.recorder(), stage.recorder()]
      for (const [index, seen] of recorders.entries()) {
        await two.bus.subscribe(topic, seen.handle, { consumerGroup: [undefined, 'g', 'h'][index] })
      }
      const start = Date.now()
      const after = (ms: number): Date => new Date(start + ms)
      await one.bus.publish(topic, 'tested', 1_900, { deliverAt: after(1_900), key: 'k' })
      await one.bus.publish(topic, 'tested', 1_500, { deliverAt: after(1_500), key: 'k' })
      await one.bus.publishBatch(topic, [
        { type: 'tested', payload: 1_700, deliverAt: after(1_700), key: 'k' },
        { type: 'tested', payload: 0, deliverAt: after(-5_000), key: 'k' },
      ])
      for (const seen of recorders) {
        const handled = await seen.handled.reached(4)
        assert.deepEqual(seen.payloads, [0, 1_500, 1_700, 1_900])
        for (const { event, at, attempt } of handled) {
          assert.ok(at >= start + event.payload, `What was due after ${event.payload} ms came after ${at - start} ms.`)
          assert.equal(attempt, 1)
        }
      }
      assert.ok(recorders.every(({ starts }) => starts.count === 4))
    }),
  },
  {
    tier: 'facade',
    name: 'a delay counts from publish()',
    promise: 'delayMs needs no arithmetic with clocks.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const start = Date.now()
      const published = await bus.publish(topic, 'tested', 'x', { delayMs: 300, metadata: { custom: 1 } })
      const [handled] = await seen.handled.reached(1)
      assert.ok((handled?.at ?? 0) - start >= 300)
      assert.deepEqual(handled?.event, published)
    }),
  },
  {
    tier: 'facade',
    name: 'a delayed event holds up neither its key nor the others',
    promise: 'Only what is delayed waits.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', prefetch: 4 })
      // More than the window holds.
      const later = Array.from({ length: 10 }, () => ({ type: 'tested', payload: 'later', delayMs: 1_500, key: 'k' }))
      await bus.publishBatch(topic, later)
      for (const key of ['k', 'other', undefined]) await bus.publish(topic, 'tested', 'now', { key })
      await seen.handled.reached(3)
      assert.deepEqual(seen.payloads, ['now', 'now', 'now'])
      await seen.handled.reached(13)
      assert.equal(seen.starts.count, 13)
    }),
  },
  {
    tier: 'facade',
    name: 'a delayed event outlives the bus that published it and the member that would have handled it',
    promise: 'A reminder for tomorrow survives the deployment of tonight.',
    run: onStage(async (stage) => {
      const [[publisher, first, second], topic] = [await stage.processes(3), stage.topic()]
      const [gone, seen] = [stage.recorder(), stage.recorder()]
      await first.bus.subscribe(topic, gone.handle, { consumerGroup: 'g' })
      const due = Date.now() + 800
      const published = await publisher.bus.publish(topic, 'tested', 'x', { deliverAt: new Date(due) })
      await publisher.bus.publish(topic, 'tested', 'now')
      await gone.handled.reached(1)
      await Promise.all([publisher.bus.close(), first.bus.close()])
      await second.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const [start] = await seen.handled.reached(1)
      assert.deepEqual([start?.event, start?.attempt], [published, 1])
      assert.ok((start?.at ?? 0) >= due)
      assert.equal(gone.starts.count, 1)
    }),
  },
]
