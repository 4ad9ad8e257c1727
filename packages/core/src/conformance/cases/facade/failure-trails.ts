import assert from 'node:assert/strict'
import { NonRetryableError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { eventsOf, onStage } from '../../support/facade-stage.ts'

export const failureTrailCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'an event that dies a second time says where it came from first, and why it failed last',
    promise: 'Handling dead letters may fail as well, and no trail is lost.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const fail = (message: string) => (): never => {
        throw new NonRetryableError(message)
      }
      await bus.subscribe(`${topic}.g.dlq`, fail('second'), { consumerGroup: 'undertaker', useDLQ: true })
      await bus.subscribe(topic, fail('first'), { consumerGroup: 'g', useDLQ: true })
      const { metadata } = await bus.publish(topic, 'tested', 1)
      const { dlqTopic } = await hooks.deadLetter.first('the second one', (dead) => dead.topic !== topic)
      assert.equal(dlqTopic, `${topic}.g.dlq.undertaker.dlq`)
      const [[first], [second]] = [await eventsOf(bus.history(`${topic}.g.dlq`)), await eventsOf(bus.history(dlqTopic))]
      assert.deepEqual([first?.metadata.failureReason, second?.metadata.failureReason], ['first', 'second'])
      for (const dead of [first, second]) {
        const { eventId, originalTopic, originalGroup, originalPosition } = dead?.metadata ?? {}
        assert.deepEqual([eventId, originalTopic, originalGroup], [metadata.eventId, topic, 'g'])
        assert.equal(originalPosition, first?.metadata.originalPosition)
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a dead letter holds at most 8 KiB of the stack, whatever was thrown',
    promise: 'An endless error cannot make a copy too large to be stored.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const endless = new Error('€'.repeat(100_000))
      endless.stack = `Error: ${'€'.repeat(100_000)}`
      const thrown: readonly unknown[] = [endless, 'a text', undefined, null, { code: 5 }, 42]
      const seen = stage.recorder(({ payload }) => {
        throw thrown[payload as number]
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 0 })
      await bus.publishBatch(
        topic,
        thrown.map((_, payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      await hooks.deadLetter.reached(thrown.length)
      const dead = await eventsOf(bus.history(`${topic}.g.dlq`))
      assert.deepEqual(
        dead.map(({ payload }) => payload),
        thrown.map((_, index) => index),
      )
      const { errorStack = '', failureReason = '' } = dead[0]?.metadata ?? {}
      assert.ok(Buffer.byteLength(errorStack) <= 8192 && Buffer.byteLength(errorStack) > 8000)
      assert.ok(endless.stack.startsWith(errorStack), 'It is cut between characters.')
      assert.ok(failureReason.startsWith('€€€') && failureReason.length < 8192)
      assert.ok(
        dead
          .slice(1)
          .every(({ metadata }) => metadata.errorStack === undefined && metadata.failureReason !== undefined),
      )
    }),
  },
]
