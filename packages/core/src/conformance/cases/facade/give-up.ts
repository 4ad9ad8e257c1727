import assert from 'node:assert/strict'
import { type EventMetadata, NonRetryableError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const giveUpCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'without a dead letter queue an event is given up loudly, once, and the stream goes on',
    promise: 'Nothing disappears in silence, and one bad event is not the end.',
    run: onStage(async (stage) => {
      const warned: string[] = []
      const logger = {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: (message: string) => void warned.push(message),
      }
      const [process, topic] = [await stage.process({ logger }), stage.topic()]
      const { bus, hooks, adapter } = process
      const seen = stage.recorder(({ payload }) => {
        if (payload === 'bad') throw new Error('no')
        if (payload === 'hopeless') throw new NonRetryableError('never')
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', maxRetries: 2, retry: quick })
      const payloads = ['bad', 'good', 'hopeless', 'last']
      const published = await bus.publishBatch(
        topic,
        payloads.map((payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      await seen.handled.reached(2)
      assert.deepEqual(
        seen.starts.items.map(({ event, attempt }) => `${event.payload}/${attempt}`),
        ['bad/1', 'bad/2', 'bad/3', 'good/1', 'hopeless/1', 'last/1'],
      )
      assert.deepEqual(
        hooks.failed.items.map(({ error: _error, ...rest }) => rest),
        [
          { ...about(topic, published[0]?.metadata), attempts: 3, reason: 'exhausted' },
          { ...about(topic, published[2]?.metadata), attempts: 1, reason: 'rejected' },
        ],
      )
      assert.ok(warned.length > 0, 'It is logged as well.')
      const stats = await bus.getStats()
      assert.deepEqual([stats.givenUpEvents, stats.deadLetteredEvents, stats.failedEvents], [2, 0, 2])
      assert.deepEqual(hooks.deadLetter.items, [])
      assert.ok(!(await adapter.listTopics()).includes(`${topic}.g.dlq`))
    }),
  },
  {
    tier: 'facade',
    name: 'an event that was given up does not come back',
    promise: 'It is done for its group, also for the members to come.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const seen = stage.recorder()
      await one.bus.subscribe(topic, () => Promise.reject(new NonRetryableError('never')), { consumerGroup: 'g' })
      for (const payload of [1, 2, 3]) await one.bus.publish(topic, 'tested', payload, { key: 'k' })
      await one.hooks.failed.reached(3)
      await one.bus.close()
      await two.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await two.bus.publish(topic, 'tested', 'last', { key: 'k' })
      await seen.handled.reached(1)
      assert.deepEqual(seen.payloads, ['last'])
    }),
  },
  {
    tier: 'facade',
    name: 'unless told otherwise, an event has four starts, about 200, 400 and 800 ms apart',
    promise: 'The defaults are what the documentation says.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(() => Promise.reject(new Error('no')))
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await bus.publish(topic, 'tested', 1)
      await hooks.failed.reached(1)
      assert.deepEqual(seen.attempts, [1, 2, 3, 4])
      const shares = hooks.retry.items.map(({ delayMs }, index) => delayMs / (200 * 2 ** index))
      assert.equal(shares.length, 3)
      for (const share of shares) assert.ok(share >= 1 && share <= 1.2, `${share} of the delay without jitter`)
    }),
  },
]

function about(topic: string, metadata: EventMetadata | undefined): object {
  const eventId = metadata?.eventId
  return { topic, consumerGroup: 'g', eventId, type: 'tested', key: 'k', correlationId: undefined, metadata }
}
