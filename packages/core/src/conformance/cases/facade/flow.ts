import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const flowCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'what a handler publishes belongs to the flow of its event and names it as its cause',
    promise: 'A flow can be followed over all services, without anybody passing ids along.',
    run: onStage(async (stage) => {
      const [[one, two], source, target] = [await stage.processes(2), stage.topic(), stage.topic()]
      const seen = stage.recorder()
      await two.bus.subscribe(target, seen.handle, { consumerGroup: 'g' })
      await one.bus.subscribe(
        source,
        async ({ payload }, { attempt }) => {
          // Deep in asynchronous code, on a second start, and as a batch: it is still this handler.
          if (attempt === 1) throw new Error('once')
          await sleep(2)
          const publish = async (type: string): Promise<unknown> => one.bus.publish(target, type, payload, { key: 'k' })
          await Promise.all([publish('first'), publish('second')])
          await one.bus.publishBatch(target, [{ type: 'third', payload, key: 'k' }])
        },
        { consumerGroup: 'g', concurrency: 5, retry: quick },
      )
      const metadata = (number: number): object => ({ correlationId: `flow-${number}`, userId: 'u' })
      const causes = await Promise.all(
        [1, 2, 3, 4, 5].map((number) =>
          one.bus.publish(source, 'tested', number, { key: `k${number}`, metadata: metadata(number) }),
        ),
      )
      await seen.handled.reached(15)
      for (const { event } of seen.starts.items) {
        const cause = causes.find(({ payload }) => payload === event.payload)
        assert.equal(event.metadata.correlationId, `flow-${event.payload}`)
        assert.equal(event.metadata.causationId, cause?.metadata.eventId)
        assert.notEqual(event.metadata.eventId, cause?.metadata.eventId)
        assert.equal(event.metadata.userId, undefined, 'Only the flow is inherited.')
      }
    }),
  },
  {
    tier: 'facade',
    name: 'what a handler says itself about its flow stands, and outside of handlers nothing is inherited',
    promise: 'A new flow can begin anywhere.',
    run: onStage(async (stage) => {
      const [{ bus }, source, target] = [await stage.process(), stage.topic(), stage.topic()]
      const seen = stage.recorder()
      await bus.subscribe(target, seen.handle, { consumerGroup: 'g' })
      const handled = stage.recorder(async () => {
        await bus.publish(target, 'own', 1, { key: 'k', metadata: { correlationId: 'own', causationId: 'mine' } })
        // The subscription is made here, but what becomes of its events is not part of this flow.
        await bus.subscribe(`${source}.fails`, () => Promise.reject(new Error('no')), { maxRetries: 0 })
      })
      await bus.subscribe(source, handled.handle, { consumerGroup: 'g' })
      const dead = new Promise<void>((resolve) => {
        bus.on('failed', ({ topic }) => {
          if (topic !== `${source}.fails`) return
          void bus.publish(target, 'from a hook', 3, { key: 'k' }).then(() => resolve())
        })
      })
      await bus.publish(source, 'tested', 1, { metadata: { correlationId: 'flow' } })
      await handled.handled.reached(1)
      await bus.publish(target, 'outside', 2, { key: 'k' })
      await bus.publish(`${source}.fails`, 'tested', 1, { metadata: { correlationId: 'other' } })
      await dead
      await seen.handled.reached(3)
      const told = seen.starts.items.map(({ event: { type, metadata } }) => [
        type,
        metadata.correlationId,
        metadata.causationId,
      ])
      assert.deepEqual(told, [
        ['own', 'own', 'mine'],
        ['outside', undefined, undefined],
        ['from a hook', undefined, undefined],
      ])
    }),
  },
]
