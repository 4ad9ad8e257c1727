import assert from 'node:assert/strict'
import { type EventMetadata, PublishError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { eventsOf, onStage, stored } from '../../support/facade-stage.ts'

export const publishMiddlewareCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'publish middleware runs around every event, the first one outermost, and may change it',
    promise: 'Signatures, tenants and claim checks are written once.',
    run: onStage(async (stage) => {
      const [process, topic, steps] = [await stage.process(), stage.topic(), [] as unknown[]]
      const { bus } = process
      const complete: Partial<EventMetadata>[] = []
      bus.usePublish(async (event, next) => {
        steps.push(['outer', event.topic, event.type, event.payload])
        event.metadata = { ...event.metadata, tenant: 't1' }
        await next()
        steps.push(['outer: stored', event.payload, (await eventsOf(bus.history(topic))).length])
        complete.push(structuredClone(event.metadata))
        Object.assign(event.metadata, { source: 'nobody' })
      })
      bus.usePublish(async (event, next) => {
        await Promise.resolve()
        event.payload = { wrapped: event.payload }
        return next()
      })
      const published = await bus.publish(topic, 'tested', 1, { key: 'k', metadata: { correlationId: 'c' } })
      assert.deepEqual(published.payload, { wrapped: 1 })
      assert.deepEqual(steps, [
        ['outer', topic, 'tested', 1],
        ['outer: stored', { wrapped: 1 }, 1],
      ])
      published.payload.wrapped = 99
      const [kept] = await eventsOf(bus.history(topic))
      assert.deepEqual(kept?.payload, { wrapped: 1 }, 'What is stored is nobody else’s.')
      published.payload.wrapped = 1
      const batch = await bus.publishBatch(
        topic,
        [2, 3, 4].map((payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      const found = await eventsOf(bus.history(topic))
      assert.deepEqual(found, [published, ...batch])
      assert.deepEqual(
        complete,
        found.map(({ metadata }) => metadata),
        'What was absent has been filled in.',
      )
      assert.deepEqual(
        found.map(({ payload, metadata }) => [payload, metadata['tenant']]),
        [1, 2, 3, 4].map((payload) => [{ wrapped: payload }, 't1']),
      )
      assert.equal(found[0]?.metadata.correlationId, 'c')
      assert.equal((await stored(stage, process, topic, 4))[3]?.key, 'k')
    }),
  },
  {
    tier: 'facade',
    name: 'what publish middleware keeps back is not published, is rejected, and takes its batch with it',
    promise: 'publish() never says that something was stored which was not.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      bus.usePublish(({ payload }, next) => {
        if (payload === 'refused') throw new TypeError('not this one')
        return payload === 'kept back' ? undefined : next()
      })
      bus.usePublish(async ({ payload }, next) => {
        await next()
        if (payload === 'twice') await next()
      })
      await rejection(TypeError, bus.publish(topic, 'tested', 'refused'))
      const error = await rejection(PublishError, bus.publish(topic, 'tested', 'kept back'))
      assert.equal(error.stored, 'no')
      const entries = ['a', 'refused', 'b'].map((payload) => ({ type: 'tested', payload }))
      await rejection(TypeError, bus.publishBatch(topic, entries))
      assert.deepEqual(await eventsOf(bus.history(topic)), [])
      await rejection(Error, bus.publish(topic, 'tested', 'twice'))
      await bus.publish(topic, 'tested', 'good')
      const { publishedEvents, failedPublishes } = await bus.getStats()
      assert.deepEqual([publishedEvents, failedPublishes], [2, 6])
    }),
  },
]
