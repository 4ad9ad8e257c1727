import { EventBus } from '@bus/core'
import { kafkaTool } from '@bus/test-brokers'
import { CloudEvent, HTTP, Kafka as Binding } from 'cloudevents'
import { type IHeaders, Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import type { KafkaAdapter } from '../src/index.ts'
import { partitionOf } from '../src/publish/partitioner.ts'
import { closeAdapters, kafka, startedAdapter } from './kafka.ts'
import { freshTopic, until } from './worker.ts'

afterEach(closeAdapters)

async function server(): Promise<readonly string[]> {
  return ['--bootstrap-server', (await kafka()).brokers.join(',')]
}

/** What Kafka's own producer makes of lines of headers, key and value. */
async function produce(topic: string, lines: readonly (readonly string[])[], ...more: string[]): Promise<void> {
  const properties = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL', 'headers.key.separator==']
  const reader = properties.flatMap((property) => ['--reader-property', property])
  const text = lines.map((line) => `${line.join('\t')}\n`).join('')
  await kafkaTool('console-producer', [...(await server()), '--topic', topic, ...reader, ...more], text)
}

async function placesOf(adapter: KafkaAdapter, topic: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const places = new Map<string, Set<string>>()
  for await (const { key = '', position } of adapter.read({ topic })) {
    places.set(key, (places.get(key) ?? new Set()).add(position.split('-')[1] ?? ''))
  }
  return places
}

const time = '2024-05-06T07:08:09.000Z'

describe('what the bus publishes', () => {
  it("is read by Kafka's console consumer, and is a CloudEvent to the SDK, by the strictest of its measures", async () => {
    const [bus, topic] = [new EventBus(await startedAdapter(), 'shop'), freshTopic()]
    const metadata = { eventId: 'e-1', timestamp: time, correlationId: 'c', userId: 'u', own: { a: [1] } }
    await bus.publish(topic, 'order.placed', { text: 'Grüße 🚌' }, { key: 'schlüssel', metadata })
    const formatter = ['print.key=true', 'key.separator=|'].flatMap((property) => ['--formatter-property', property])
    const args = ['--topic', topic, '--from-beginning', '--max-messages', '1', ...formatter]
    const line = (await kafkaTool('console-consumer', [...(await server()), ...args])).trim()
    expect(line).toMatch(/^schlüssel\|\{/)
    const body = line.slice(line.indexOf('|') + 1)
    const event = new CloudEvent(JSON.parse(body) as Partial<CloudEvent>, true)
    expect(event.validate()).toBe(true)
    expect(event).toMatchObject({ id: 'e-1', source: 'shop', type: 'order.placed', subject: topic, time })
    expect(event).toMatchObject({ partitionkey: 'schlüssel', correlationid: 'c', data: { text: 'Grüße 🚌' } })
    const headers = { 'content-type': 'application/cloudevents+json' }
    expect((HTTP.toEvent({ headers, body }) as CloudEvent).validate()).toBe(true)
    const bound = Binding.toEvent({ headers, body, value: body, key: 'schlüssel' } as never) as CloudEvent
    expect(bound.id).toBe('e-1')
    await bus.close()
  })
})

describe('what others publish', () => {
  it('with the SDK, in structured and in binary mode, are events', async () => {
    const [bus, topic] = [new EventBus(await startedAdapter({ partitions: 1 })), freshTopic()]
    const seen: unknown[] = []
    await bus.subscribe(topic, ({ type, payload, metadata: { eventId, source, timestamp } }) => {
      seen.push({ type, payload, eventId, source, timestamp: new Date(timestamp).toISOString() })
    })
    const producer = new Kafka({ brokers: (await kafka()).brokers, logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const event = new CloudEvent({ id: 'x-1', source: '/other', type: 'made', time, data: { n: 1 } })
    for (const { headers, value } of [Binding.structured(event), Binding.binary(event)]) {
      const body = typeof value === 'string' ? value : JSON.stringify(value)
      // The SDK has a header for each attribute it knows, kafkajs none without a value.
      const given = Object.entries(headers).filter(([, text]) => text !== undefined)
      await producer.send({ topic, messages: [{ value: body, headers: Object.fromEntries(given) as IHeaders }] })
    }
    await producer.disconnect()
    await until('both are there', () => seen.length === 2)
    const expected = { type: 'made', payload: { n: 1 }, eventId: 'x-1', source: '/other', timestamp: time }
    expect(seen).toEqual([expected, expected])
    await bus.close()
  })

  it('with a console is taken for what it is, or buried, and stops nobody', async () => {
    const [bus, topic] = [new EventBus(await startedAdapter({ partitions: 1 })), freshTopic()]
    const seen: unknown[] = []
    const dead: unknown[] = []
    bus.on('deadLetter', ({ reason }) => void dead.push(reason))
    const options = { consumerGroup: 'g', useDLQ: true }
    await bus.subscribe(topic, ({ type, payload }, { key }) => void seen.push([type, payload, key]), options)
    const cloudEvent = 'ce_specversion=1.0,ce_id=b-1,ce_source=/java,ce_type=made,ce_subject=NULL'
    await produce(topic, [
      ['NULL', 'NULL', '{"plain":1}'],
      [`${cloudEvent},content-type=application/json`, 'k', '{"binary":2}'],
      ['NULL', 'k', 'NULL'],
      ['NULL', 'k', ''],
      ['NULL', 'k', 'no JSON'],
      ['NULL', 'k', '{"specversion":"1.0"}'],
      ['empty=NULL', 'schlüssel-日本', '"ü"'],
    ])
    await until('the last is handled, and four are buried', () => seen.length === 3 && dead.length === 4)
    expect(seen).toEqual([
      ['foreign', { plain: 1 }, undefined],
      ['made', { binary: 2 }, 'k'],
      ['foreign', 'ü', 'schlüssel-日本'],
    ])
    expect(new Set(dead)).toEqual(new Set(['unreadable']))
    await bus.close()
  })

  it('is in the partition where the bus looks for its key', async () => {
    const [adapter, topic] = [await startedAdapter({ partitions: 7 }), freshTopic()]
    const keys = [...Array.from({ length: 30 }, (_, n) => `order-${n}`), 'ü', 'schlüssel', '日本語', '🚌', 'ß\u00a0x']
    await adapter.publish(keys.map((key) => ({ topic, key, headers: {}, body: '1' })))
    await produce(
      topic,
      keys.map((key) => ['NULL', key, '1']),
    )
    const places = await placesOf(adapter, topic)
    expect([...places.keys()].toSorted()).toEqual(keys.toSorted())
    for (const key of keys) {
      expect([...(places.get(key) ?? [])].map(Number)).toEqual([partitionOf(key, 7)])
    }
  })

  it('has a key of its own also if that is no text, which its copies keep', async () => {
    const [bus, topic] = [new EventBus(await startedAdapter({ partitions: 7 })), freshTopic()]
    const keys = Array.from({ length: 16 }, (_, n) => Buffer.from([0xff, 0x80 + n, 0xfe]))
    const seen: string[] = []
    const options = { consumerGroup: 'g', concurrency: 4, useDLQ: true, maxRetries: 1 }
    const retry = { initialDelayMs: 20, holdUpToMs: 0 }
    await bus.subscribe(
      topic,
      ({ payload }, { key, attempt }) => {
        seen.push(`${key} ${payload} ${attempt}`)
        if (payload === 'fails') throw new Error('always')
      },
      { ...options, retry, ordered: false },
    )
    const producer = new Kafka({ brokers: (await kafka()).brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    const messages = keys.flatMap((key) => ['"first"', '"fails"', '"last"'].map((value) => ({ key, value })))
    await producer.send({ topic, messages })
    await producer.disconnect()
    await until('all are handled, or buried', () => seen.length === 4 * keys.length)
    for (const key of keys.map((bytes) => `base64:${bytes.toString('base64')}`)) {
      const mine = seen.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
      expect(mine.slice(0, 2)).toEqual(['first 1', 'fails 1'])
      expect(mine.toSorted()).toEqual(['fails 1', 'fails 2', 'first 1', 'last 1'])
    }
    const dlq = `${topic}.g.dlq`
    const reader = await startedAdapter()
    const buried = async (): Promise<ReadonlyMap<string, ReadonlySet<string>>> => placesOf(reader, dlq)
    await until('all are buried', async () => (await buried()).size === keys.length)
    for (const [text, places] of await buried()) {
      const bytes = Buffer.from(text.slice('base64:'.length), 'base64')
      expect([...places].map(Number)).toEqual([partitionOf(bytes, 7)])
    }
    await bus.close()
  })

  it('is read if compressed with what Node knows; what it does not know is said, and skipped by nobody', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const [known, unknown] = [freshTopic(), freshTopic()]
    await adapter.publish([{ topic: known, key: 'k', headers: {}, body: 'none' }])
    for (const codec of ['gzip', 'zstd']) await produce(known, [['NULL', 'k', codec]], '--compression-codec', codec)
    const bodies: string[] = []
    for await (const { body } of adapter.read({ topic: known })) bodies.push(Buffer.from(body).toString())
    expect(bodies).toEqual(['none', 'gzip', 'zstd'])
    const consumer = await adapter.consume({ topics: [{ topic: unknown, startFrom: 'latest' }], group: 'g' })
    await produce(unknown, [['NULL', 'k', 'lz4']], '--compression-codec', 'lz4')
    await until('it is said', () => consumer.state.status === 'failing')
    expect(consumer.state).toMatchObject({ reason: expect.stringMatching(/LZ4 compression not implemented/) })
    expect((await adapter.inspect(unknown, 'g'))?.lag).toBe(1)
  })

  it('holds up only its own partition where it cannot be read', async () => {
    const [adapter, topic] = [await startedAdapter({ partitions: 4 }), freshTopic()]
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
    await produce(topic, [['NULL', 'k', 'lz4']], '--compression-codec', 'lz4')
    await until('it is said', () => consumer.state.status === 'failing')
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`).filter(
      (key) => partitionOf(key, 4) !== partitionOf('k', 4),
    )
    const seen: string[] = []
    for (let round = 0; round < 3; round++) {
      await adapter.publish(keys.map((key) => ({ topic, key, headers: {}, body: `${round}` })))
      while (seen.length < (round + 1) * keys.length) {
        for (const delivery of await consumer.pull(100, AbortSignal.timeout(20_000))) {
          seen.push(`${delivery.message.key}`)
          await delivery.ack()
        }
      }
    }
    expect(new Set(seen)).toEqual(new Set(keys))
    await until('it is still said, and of what', () => /UNSUPPORTED_COMPRESSION/.test(consumer.state.reason ?? ''))
    expect(consumer.state.reason).toContain(`${topic}/${partitionOf('k', 4)}`)
    expect((await adapter.inspect(topic, 'g'))?.lag).toBe(1)
  })
})
