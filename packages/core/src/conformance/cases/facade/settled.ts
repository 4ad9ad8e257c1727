import assert from 'node:assert/strict'
import { EventBusError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'

export const settledCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'settled() waits for what is in hand, retries included',
    promise: 'Tests need no sleeps.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder((_event, { attempt }) => (attempt < 3 ? Promise.reject(new Error('no')) : undefined))
      await bus.subscribe(topic, seen.handle, {
        consumerGroup: 'g',
        retry: { ...quick, initialDelayMs: 60, maxDelayMs: 60 },
      })
      await bus.publish(topic, 'tested', 'x', { key: 'k' })
      await seen.starts.reached(1)
      await bus.settled()
      assert.deepEqual([seen.attempts, seen.handled.count], [[1, 2, 3], 1])
      await bus.settled()
    }),
  },
  {
    tier: 'facade',
    name: 'settled() waits for everything that was published and what it causes, by way of the retry topic as well',
    promise: 'publish(), settled(), assert: that is a whole test.',
    needs: { shared: false },
    run: onStage(async (stage) => {
      const [{ bus }, first, second] = [await stage.process(), stage.topic(), stage.topic()]
      const deferring = { ...quick, initialDelayMs: 30, maxDelayMs: 30, holdUpToMs: 0 }
      const last = stage.recorder((_event, { attempt }) => (attempt < 2 ? Promise.reject(new Error('no')) : undefined))
      const step = stage.recorder(async ({ payload }, { attempt }) => {
        if (attempt < 2) throw new Error('no')
        await bus.publish(second, 'next', payload)
      })
      await bus.subscribe(first, step.handle, { consumerGroup: 'g', retry: deferring })
      await bus.subscribe(second, last.handle, { consumerGroup: 'g', retry: deferring })
      await bus.subscribe(second, last.handle, { retry: quick })
      for (let round = 1; round <= 3; round++) {
        await bus.publishBatch(
          first,
          Array.from({ length: 10 }, (_, payload) => ({ type: 'tested', payload })),
        )
        await bus.settled()
        assert.equal(step.handled.count, 10 * round)
        assert.equal(last.handled.count, 20 * round)
      }
      // What is not due is not waited for.
      await bus.publish(first, 'tested', 'later', { delayMs: 600_000 })
      await stage.within('settled()', bus.settled())
    }),
  },
  {
    tier: 'facade',
    name: 'settled() refuses to wait for the handler that calls it',
    promise: 'A test that would hang fails instead.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(async () => {
        await rejection(EventBusError, bus.settled())
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', maxRetries: 0 })
      await bus.publish(topic, 'tested', 'x')
      await seen.handled.reached(1)
      await stage.within('settled()', bus.settled())
    }),
  },
]
