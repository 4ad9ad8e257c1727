import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { onStage } from '../../support/facade-stage.ts'

const long = { initialDelayMs: 60, factor: 1, jitter: 0, holdUpToMs: 20 }

export const forgetCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a group that was deleted begins anew, and nothing that it had deferred comes back',
    promise: 'Whoever takes a group name again does not handle what its former owner had handled.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const before = stage.recorder((_event, { attempt }) => {
        if (attempt === 1) throw new Error('not yet')
      })
      const first = await bus.subscribe(topic, before.handle, { consumerGroup: 'g', retry: long })
      await bus.publish(topic, 'tested', 'before')
      await before.handled.reached(1)
      assert.deepEqual(before.attempts, [1, 2])
      await bus.unsubscribe(first)
      await bus.deleteGroup(topic, 'g')
      await bus.publish(topic, 'tested', 'between')
      const after = stage.recorder()
      await bus.subscribe(topic, after.handle, { consumerGroup: 'g', retry: long })
      await bus.publish(topic, 'tested', 'after')
      await after.handled.first('the one published afterwards', ({ event }) => event.payload === 'after')
      assert.deepEqual(after.payloads, ['after'])
    }),
  },
]
