import assert from 'node:assert/strict'
import { PublishError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'
import { faultyAdapter, type Faults } from '../../support/faulty-adapter.ts'
import { rejection } from '../../support/facade-rejection.ts'

export const publishTroubleCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a publish that the backend does not take is rejected, and can be repeated with its eventId',
    promise: 'A resolved publish is stored, a rejected one says what is known: nothing is swallowed.',
    run: onStage(async (stage) => {
      const [topic, faults, seen]: [string, Faults, ReturnType<typeof stage.recorder>] = [
        stage.topic(),
        {},
        stage.recorder(),
      ]
      const { bus } = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      for (const stored of ['no', 'unknown'] as const) {
        faults.publish = (messages) =>
          new PublishError(
            topic,
            messages.map((_, index) => ({ index, stored, cause: new Error('the wire is cut') })),
          )
        const metadata = { eventId: `event-${stored}` }
        const error = await rejection(PublishError, bus.publish(topic, 'tested', stored, { key: 'k', metadata }))
        assert.equal(error.stored, stored)
        const entries = [1, 2].map((payload) => ({ type: 'tested', payload, key: 'k' }))
        const batch = await rejection(PublishError, bus.publishBatch(topic, entries))
        assert.deepEqual(
          batch.failures.map(({ index }) => index),
          [0, 1],
        )
        faults.publish = undefined
        await bus.publish(topic, 'tested', stored, { key: 'k', metadata })
      }
      await seen.handled.reached(2)
      const told = seen.starts.items.map(({ event }) => [event.payload, event.metadata.eventId])
      assert.deepEqual(told, [
        ['no', 'event-no'],
        ['unknown', 'event-unknown'],
      ])
      const { publishedEvents, failedPublishes } = await bus.getStats()
      assert.deepEqual([publishedEvents, failedPublishes], [2, 6])
    }),
  },
  {
    tier: 'facade',
    name: 'a publish stops waiting when its signal aborts, and says what is known',
    promise: 'A request that was cancelled does not wait for a backend.',
    run: onStage(async (stage) => {
      const [topic, gate, seen] = [stage.topic(), stage.gate(), stage.recorder()]
      const { bus } = await stage.process({
        around: (adapter) => ({
          ...faultyAdapter(adapter, {}),
          publish: (messages) => gate.opened.then(() => adapter.publish(messages)),
        }),
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const signal = AbortSignal.abort(new Error('cancelled before'))
      const before = await rejection(PublishError, bus.publish(topic, 'tested', 'never sent', { signal }))
      assert.equal(before.stored, 'no')
      const stop = new AbortController()
      const publishing = bus.publish(topic, 'tested', 'sent', { signal: stop.signal })
      stop.abort(new Error('cancelled'))
      const during = await stage.within('publish()', rejection(PublishError, publishing))
      assert.equal(during.stored, 'unknown')
      assert.equal((during.cause as Error).message, 'cancelled')
      gate.open()
      await seen.handled.reached(1)
      assert.deepEqual(seen.payloads, ['sent'])
    }),
  },
  {
    tier: 'facade',
    name: 'a handler whose publish fails has failed, and is started again',
    promise: 'A step of a flow is done when its outcome is stored, not before.',
    run: onStage(async (stage) => {
      const [source, target, faults]: [string, string, Faults] = [stage.topic(), stage.topic(), {}]
      const { bus } = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      const seen = stage.recorder()
      const step = stage.recorder(async ({ payload }) => {
        await bus.publish(target, 'next', payload)
      })
      await bus.subscribe(target, seen.handle, { consumerGroup: 'g' })
      await bus.subscribe(source, step.handle, { consumerGroup: 'g', retry: quick })
      let refusals = 2
      faults.publish = (messages) => (messages[0]?.topic === target && refusals-- > 0 ? new Error('away') : undefined)
      await bus.publish(source, 'tested', 'x')
      await seen.handled.reached(1)
      assert.deepEqual([step.attempts, seen.payloads], [[1, 2, 3], ['x']])
    }),
  },
]
