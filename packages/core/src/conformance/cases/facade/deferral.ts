import assert from 'node:assert/strict'
import { RetryAfterError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick, stored } from '../../support/facade-stage.ts'

/** Longer than what is waited out in hand. */
const long = { initialDelayMs: 120, factor: 1, maxDelayMs: 120, jitter: 0, holdUpToMs: 50 }

export const deferralCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a long delay is waited out in the retry topic of its group, and no other group sees the event again',
    promise: 'A failing service neither fills its own window nor sends its retries to others.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, hooks } = process
      const failing = stage.recorder((_event, { attempt }) => {
        if (attempt < 3) throw new Error('not yet')
      })
      const [other, broadcast] = [stage.recorder(), stage.recorder()]
      await bus.subscribe(topic, failing.handle, { consumerGroup: 'failing', retry: long })
      await bus.subscribe(topic, other.handle, { consumerGroup: 'other', retry: long })
      await bus.subscribe(topic, broadcast.handle)
      const published = await bus.publish(topic, 'tested', { a: 1 }, { metadata: { correlationId: 'c', custom: [1] } })
      await failing.handled.reached(1)
      assert.deepEqual(failing.attempts, [1, 2, 3])
      for (const [index, { event, topic: told, consumerGroup, at }] of failing.starts.items.entries()) {
        assert.deepEqual(event, published)
        assert.deepEqual([told, consumerGroup], [topic, 'failing'])
        const before = failing.starts.items[index - 1]
        if (before !== undefined) assert.ok(at - before.at >= 120, `It waited ${at - before.at} ms.`)
      }
      assert.deepEqual(
        hooks.retry.items.map(({ attempts, delayMs, deferred }) => [attempts, delayMs, deferred]),
        [
          [1, 120, true],
          [2, 120, true],
        ],
      )
      const copies = await stored(stage, process, `${topic}.failing.retry`, 2)
      assert.equal(copies.length, 2)
      await bus.publish(topic, 'tested', 'last')
      for (const seen of [other, broadcast]) {
        await seen.handled.first('the last one', ({ event }) => event.payload === 'last')
        assert.deepEqual(
          seen.starts.items.map(({ event }) => event.payload),
          [{ a: 1 }, 'last'],
        )
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a long delay does not end with the process that failed: another member goes on with the next start',
    promise: 'A deployment in the meantime neither loses the event nor begins to count again.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const options = { consumerGroup: 'g', useDLQ: true, maxRetries: 2, retry: long }
      const fail = (): never => {
        throw new Error('never')
      }
      const [first, second] = [stage.recorder(fail), stage.recorder(fail)]
      await one.bus.subscribe(topic, first.handle, options)
      const published = await one.bus.publish(topic, 'tested', 'x')
      const [announced] = await one.hooks.retry.reached(1)
      await one.bus.close()
      assert.equal(announced?.deferred, true)
      await two.bus.subscribe(topic, second.handle, options)
      const [dead] = await two.hooks.deadLetter.reached(1)
      assert.deepEqual([first.attempts, second.attempts], [[1], [2, 3]])
      assert.equal(dead?.attempts, 3)
      const [copy] = await stored(stage, two, `${topic}.g.dlq`, 1)
      assert.ok(copy)
      for await (const { metadata } of two.bus.history(`${topic}.g.dlq`)) {
        assert.equal(metadata.eventId, published.metadata.eventId)
        assert.equal(metadata.originalPosition, first.starts.items[0]?.position, 'Where it was first, not its copy.')
        assert.equal(metadata.originalTopic, topic)
        assert.ok(Date.parse(metadata.firstFailureAt ?? '') <= (second.starts.items[0]?.at ?? 0))
        assert.ok(Date.parse(metadata.lastFailureAt ?? '') >= (second.starts.items[1]?.at ?? 0))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'events that wait for their retry cannot fill the window',
    promise: 'However many fail, those that do not are handled.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(({ payload }, { attempt }) => {
        if (payload !== 'good' && attempt < 2) throw new RetryAfterError(700)
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', prefetch: 4 })
      const bad = Array.from({ length: 12 }, (_, index) => `bad ${index}`)
      await bus.publishBatch(
        topic,
        [...bad, 'good'].map((payload) => ({ type: 'tested', payload })),
      )
      await seen.handled.first('the good one', ({ event }) => event.payload === 'good')
      assert.equal(seen.starts.count, bad.length + 1, 'It did not have to wait for a second start.')
      await seen.handled.reached(bad.length + 1)
      assert.deepEqual(new Set(seen.payloads), new Set([...bad, 'good']))
      assert.equal(seen.starts.count, 2 * bad.length + 1)
      assert.ok(
        hooks.retry.items.some(({ deferred }) => deferred) && hooks.retry.items.some(({ deferred }) => !deferred),
      )
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription without a group waits out every delay in hand',
    promise: 'It leaves nothing behind on the backend, and still retries.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, hooks, adapter } = process
      const seen = stage.recorder((_event, { attempt }) => {
        if (attempt < 3) throw new Error('not yet')
      })
      await bus.subscribe(topic, seen.handle, { retry: long })
      await bus.publish(topic, 'tested', 'x')
      await seen.handled.reached(1)
      assert.deepEqual(seen.attempts, [1, 2, 3])
      assert.deepEqual(
        hooks.retry.items.map(({ deferred }) => deferred),
        [false, false],
      )
      const left = (await adapter.listTopics()).filter((name) => name.startsWith(topic))
      assert.deepEqual(left, [topic])
    }),
  },
  {
    tier: 'facade',
    name: 'many deferred events come back, each once and with its number',
    promise: 'The retry topic is as safe a place as the topic itself.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const seen = stage.recorder((_event, { attempt }) => {
        if (attempt < 2) throw new RetryAfterError(80)
      })
      const options = { consumerGroup: 'g', concurrency: 4, retry: { ...quick, holdUpToMs: 0 } }
      for (const { bus } of [one, two]) await bus.subscribe(topic, seen.handle, options)
      await stage.ready(one, two)
      const numbers = Array.from({ length: 60 }, (_, index) => index)
      await one.bus.publishBatch(
        topic,
        numbers.map((payload) => ({ type: 'tested', payload })),
      )
      await seen.handled.reached(numbers.length)
      assert.deepEqual(new Set(seen.payloads), new Set(numbers))
      assert.equal(seen.starts.count, 2 * numbers.length)
    }),
  },
]
