import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick, stored } from '../../support/facade-stage.ts'
import { bodyOf, message } from '../../support/messages.ts'

export const foreignCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'what is stored is a CloudEvent that anybody can read, with nothing around it',
    promise: 'Any tool shows an event, and any CloudEvents SDK consumes it.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const known = { correlationId: 'c', causationId: 'a', userId: 'u', traceparent: '00-0-0-01', tracestate: 'v=1' }
      const metadata = { eventId: 'e-1', timestamp: '2024-05-06T07:08:09.000Z', source: 's', ...known }
      const payload = { amount: 5, text: 'Grüße 🚌' }
      await process.bus.publish(topic, 'ordered', payload, { key: 'k', metadata: { ...metadata, own: { a: [1] } } })
      await process.bus.publish(topic, 'plain', null, { metadata })
      const envelopes = (await stored(stage, process, topic, 2)).map((one) => {
        assert.deepEqual(Object.keys(one.headers), [])
        return JSON.parse(bodyOf(one)) as { readonly type: string }
      })
      const common = {
        specversion: '1.0',
        id: 'e-1',
        source: 's',
        subject: topic,
        time: metadata.timestamp,
        correlationid: 'c',
        causationid: 'a',
        userid: 'u',
        traceparent: '00-0-0-01',
        tracestate: 'v=1',
      }
      const ordered = envelopes.find(({ type }) => type === 'ordered')
      const extra = { partitionkey: 'k', metadata: '{"own":{"a":[1]}}' }
      assert.deepEqual(ordered, { ...common, ...extra, type: 'ordered', data: payload })
      assert.deepEqual(
        envelopes.find(({ type }) => type === 'plain'),
        { ...common, type: 'plain', data: null },
      )
    }),
  },
  {
    tier: 'facade',
    name: 'CloudEvents of other publishers are events, in structured and in binary mode',
    promise: 'Services in other languages can publish without knowing of this bus.',
    run: onStage(async (stage) => {
      const [{ bus, adapter }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const attributes = {
        specversion: '1.0',
        id: 'abc-1',
        source: '/billing/ü',
        type: 'invoice.created',
        time: '2024-05-06T07:08:09Z',
        correlationid: 'flow-1',
        userid: 'u-1',
      }
      const structured = JSON.stringify({ ...attributes, datacontenttype: 'application/json', data: { amount: 5 } })
      const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]))
      await adapter.publish([message(topic, structured, { key: 'k' })])
      await adapter.publish([
        message(topic, '{"amount":5}', { key: 'k', headers: { ...headers, 'content-type': 'application/json' } }),
      ])
      await seen.handled.reached(2)
      for (const { event } of seen.starts.items) {
        assert.deepEqual([event.type, event.payload], ['invoice.created', { amount: 5 }])
        const { eventId, source, timestamp, correlationId, userId } = event.metadata
        assert.deepEqual([eventId, source, correlationId, userId], ['abc-1', '/billing/ü', 'flow-1', 'u-1'])
        assert.equal(Date.parse(timestamp), Date.parse(attributes.time))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'plain JSON of others is an event whose id says where it is stored',
    promise: 'A topic can be shared with publishers that know nothing of events.',
    run: onStage(async (stage) => {
      const [{ bus, adapter }, topic] = [await stage.process(), stage.topic()]
      const [one, two] = [stage.recorder(), stage.recorder()]
      await bus.subscribe(topic, one.handle, { consumerGroup: 'one' })
      await bus.subscribe(topic, two.handle, { consumerGroup: 'two' })
      const bodies = ['{"a":1}', '[1,2]', '"text"', '5', 'null']
      for (const body of bodies) await adapter.publish([message(topic, body, { key: 'k' })])
      await adapter.publish([
        message(topic, '{"b":2}', { key: 'k', headers: { id: 'x-1', type: 'thing', source: 'legacy' } }),
      ])
      for (const seen of [one, two]) {
        const handled = await seen.handled.reached(bodies.length + 1)
        assert.deepEqual(
          handled.slice(0, -1).map(({ event }) => JSON.stringify(event.payload)),
          bodies,
        )
        for (const { event, position } of handled.slice(0, -1)) {
          assert.equal(event.metadata.eventId, `${topic}/${position}`)
          assert.equal(typeof event.type, 'string')
          assert.ok(Date.parse(event.metadata.timestamp) > 0)
        }
        const last = handled.at(-1)?.event
        assert.deepEqual([last?.type, last?.metadata.eventId, last?.metadata.source], ['thing', 'x-1', 'legacy'])
      }
      assert.deepEqual(
        one.starts.items.map(({ event }) => event),
        two.starts.items.map(({ event }) => event),
      )
    }),
  },
  {
    tier: 'facade',
    name: 'an event of others keeps its id on every retry and as a dead letter',
    promise: 'A handler that remembers ids is not fooled by a copy.',
    run: onStage(async (stage) => {
      for (const holdUpToMs of [0, 1_000]) {
        const [process, topic] = [await stage.process(), stage.topic()]
        const { bus, hooks, adapter } = process
        const seen = stage.recorder(() => Promise.reject(new Error('no')))
        const retry = { ...quick, holdUpToMs }
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 2, retry })
        await adapter.publish([message(topic, '{"a":1}')])
        await hooks.deadLetter.reached(1)
        await stored(stage, process, `${topic}.g.dlq`, 1)
        const [first] = seen.starts.items
        for await (const dead of bus.history(`${topic}.g.dlq`)) {
          assert.equal(dead.metadata.eventId, `${topic}/${first?.position}`)
          assert.deepEqual([dead.type, dead.payload], [first?.event.type, { a: 1 }])
        }
        assert.deepEqual(seen.attempts, [1, 2, 3])
        for (const { event } of seen.starts.items) assert.equal(event.metadata.eventId, first?.event.metadata.eventId)
      }
    }),
  },
]
