import assert from 'node:assert/strict'
import type { BaseEvent } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { ids, onStage } from '../../support/facade-stage.ts'
import { wired } from '../../support/facade-wire.ts'
import { assertSame, withAndWithoutKey } from '../../support/messages.ts'

const count = 60

const given = {
  eventId: 'order-4711/Grüße 🚌',
  timestamp: '2024-02-29T12:34:56.789Z',
  source: 'another service',
  correlationId: 'flow-1',
  causationId: 'order-4710',
  userId: 'user-ü',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=value',
  tenant: 'acme',
  empty: '',
  nothing: null,
  number: 0,
  nested: { list: [1, 'zwei', { drei: true }], flag: false },
  // Names that the envelope uses itself.
  id: 'not the id',
  type: 'not the type',
  data: { not: 'the payload' },
  metadata: { not: 'the metadata' },
}

export const deliveryCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'every event is handled once, as it was published: one by one, at the same time, or as a batch',
    promise: 'A resolved publish is not lost, doubled or altered, however it was made.',
    run: onStage((stage) =>
      withAndWithoutKey(async (key) => {
        const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
        const started = Date.now()
        const numbers = Array.from({ length: count }, (_, index) => index)
        const entries = numbers.map((number) => ({ type: `batched-${number % 3}`, payload: { number }, key }))
        const published: BaseEvent[] = await Promise.all(
          numbers.map((number) => bus.publish(topic, `single-${number % 3}`, { number }, { key })),
        )
        published.push(...(await bus.publishBatch(topic, entries)))
        const handled = (await seen.handled.reached(2 * count)).map(({ event }) => event)
        assertSame(ids(handled), ids(published), 'Every event was handled once')
        for (const event of published) {
          assert.deepEqual(
            handled.find(({ metadata }) => metadata.eventId === event.metadata.eventId),
            event,
            'What is handled is what publish() returned.',
          )
          const { timestamp, source } = event.metadata
          assert.equal(new Date(timestamp).toISOString(), timestamp)
          assert.ok(Date.parse(timestamp) >= started && Date.parse(timestamp) <= Date.now())
          assert.equal(source, 'conformance')
        }
        assert.ok(seen.starts.items.every((start) => start.key === key && start.topic === topic && start.attempt === 1))
        if (key !== undefined)
          assert.deepEqual(ids(handled), ids(published), 'The order of a key is the order of publishing.')
      }),
    ),
  },
  {
    tier: 'facade',
    name: 'metadata that the publisher gives arrives whole, unknown keys included',
    promise: 'Tracing, tenants and users travel with an event, and a retried publish keeps its eventId.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const { bus: farBus } = await stage.process({ around: wired })
      const [near, far] = [stage.recorder(), stage.recorder()]
      await bus.subscribe(topic, near.handle, { consumerGroup: 'near' })
      await farBus.subscribe(topic, far.handle, { consumerGroup: 'far' })
      const published = await bus.publish(topic, 'tested', 1, { metadata: given })
      await bus.publish(topic, 'tested', 2, { metadata: { correlationId: undefined, custom: undefined }, key: 'k' })
      assert.deepEqual(published, { type: 'tested', payload: 1, metadata: given })
      for (const seen of [near, far]) {
        await seen.handled.reached(2)
        const [first, second] = [1, 2].map((payload) =>
          seen.starts.items.find(({ event }) => event.payload === payload),
        )
        assert.deepEqual(first?.event.metadata, given)
        const { eventId, timestamp, source, ...rest } = second?.event.metadata ?? {}
        assert.ok(eventId && timestamp && source)
        assert.deepEqual(rest, {}, 'What is not there stays away.')
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an event that is published again with its eventId keeps its identity',
    promise: 'Whoever is not sure that a publish worked can repeat it, and the handler can tell.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const first = await bus.publish(topic, 'tested', 'same', { key: 'k' })
      const again = await bus.publish(topic, 'tested', 'same', { key: 'k', metadata: first.metadata })
      const other = await bus.publish(topic, 'tested', 'same', { key: 'k' })
      assert.deepEqual(again, first)
      assert.notEqual(other.metadata.eventId, first.metadata.eventId)
      await seen.handled.reached(3)
      assert.deepEqual(ids(seen.handled.items.map(({ event }) => event)), ids([first, first, other]))
    }),
  },
  {
    tier: 'facade',
    name: 'a payload of 512 KiB arrives whole, between small ones',
    promise: 'Size changes nothing below the limit.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const large = { text: 'ä€🚌'.repeat(512 * 114), list: Array.from({ length: 1_000 }, (_, index) => index) }
      assert.ok(Buffer.byteLength(JSON.stringify(large)) > 512 * 1024)
      for (const payload of ['before', large, 'after']) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.reached(3)
      assert.deepEqual(seen.payloads, ['before', large, 'after'])
    }),
  },
  {
    tier: 'facade',
    name: 'events come on their own topic only, to several subscriptions of one process',
    promise: 'A service may use as many topics as it likes, also with one group name.',
    run: onStage(async (stage) => {
      const { bus } = await stage.process()
      const topic = stage.topic()
      const topics = [topic, `${topic}.a`, `${topic}-a`, topic.toUpperCase()]
      const recorders = await Promise.all(
        topics.map(async (name) => {
          const seen = stage.recorder()
          await bus.subscribe(name, seen.handle, { consumerGroup: 'g' })
          return seen
        }),
      )
      const numbers = Array.from({ length: 10 }, (_, index) => index)
      for (const number of numbers) {
        await Promise.all(topics.map((name) => bus.publish(name, 'tested', `${name}:${number}`, { key: 'k' })))
      }
      for (const [index, seen] of recorders.entries()) {
        await seen.handled.reached(numbers.length)
        assert.deepEqual(
          seen.payloads,
          numbers.map((number) => `${topics[index]}:${number}`),
        )
        assert.ok(seen.starts.items.every((start) => start.topic === topics[index]))
      }
    }),
  },
]
