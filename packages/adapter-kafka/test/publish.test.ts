import { setTimeout as sleep } from 'node:timers/promises'
import {
  BackendUnavailableError,
  ClosedError,
  PublishBacklogError,
  PublishError,
  TopicCollisionError,
  TopicMissingError,
} from '@bus/core/spi'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaAdapter } from '../src/index.ts'
import { AnswersProxy } from './answers-proxy.ts'
import { adapterAt, closeAdapters, startedAdapter } from './kafka.ts'
import { freshTopic } from './worker.ts'

afterEach(closeAdapters)

/** Snappy without its compression: one literal. https://github.com/google/snappy/blob/main/format_description.txt */
const codecs = {
  snappy: () => ({
    compress: async ({ buffer }: { readonly buffer: Buffer }) => {
      const [head, length] = [Buffer.alloc(8), buffer.length]
      let bytes = 0
      for (let left = length; left > 0; left >>>= 7) head[bytes++] = (left & 0x7f) | (left > 0x7f ? 0x80 : 0)
      head[bytes++] = 61 << 2
      head.writeUInt16LE(length - 1, bytes)
      return Buffer.concat([head.subarray(0, bytes + 2), buffer])
    },
    decompress: async (bytes: Buffer) => bytes.subarray(bytes.findIndex((byte) => byte < 0x80) + 4),
  }),
}

async function history(adapter: KafkaAdapter, topic: string): Promise<readonly string[]> {
  const bodies: string[] = []
  for await (const { body } of adapter.read({ topic })) bodies.push(Buffer.from(body).toString())
  return bodies
}

function failureOf(publishing: Promise<void>): Promise<PublishError> {
  return publishing.then(
    () => expect.unreachable('It was to be rejected.'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(PublishError)
      return error as PublishError
    },
  )
}

describe('publishing', () => {
  it('spreads messages without a key over the partitions', async () => {
    const adapter = await startedAdapter({ partitions: 3 })
    const topic = freshTopic()
    for (let round = 0; round < 30; round++) {
      await adapter.publish([{ topic, headers: {}, body: `${round}` }])
      await sleep(5)
    }
    const partitions = new Set<string | undefined>()
    for await (const { position } of adapter.read({ topic })) partitions.add(position.split('-')[1])
    expect(partitions.size).toBe(3)
  })

  it('rejects the one message that is too large for the broker and stores the others', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    const big = 'x'.repeat(1_100_000)
    const bodies = ['a', 'b', big, 'c']
    const error = await failureOf(adapter.publish(bodies.map((body) => ({ topic, key: 'k', headers: {}, body }))))
    expect(error.failures.map(({ index, stored }) => [index, stored])).toEqual([[2, 'no']])
    expect(error.message).toMatch(/MESSAGE_TOO_LARGE: a message of 11\d{5} bytes .* max\.message\.bytes/)
    expect(await history(adapter, topic)).toEqual(['a', 'b', 'c'])
  })

  it('settles each of many callers by what became of its own', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    const bodies = ['a', 'x'.repeat(1_100_000), 'b', 'x'.repeat(1_200_000), 'c']
    const settled = await Promise.allSettled(
      bodies.map((body) => adapter.publish([{ topic, key: 'k', headers: {}, body }])),
    )
    expect(settled.map(({ status }) => status)).toEqual(bodies.map((b) => (b.length > 1 ? 'rejected' : 'fulfilled')))
    expect(await history(adapter, topic)).toEqual(['a', 'b', 'c'])
  })

  it('stores many at once, also far beyond what one request takes, in the order of each key', async () => {
    const adapter = await startedAdapter({ partitions: 3 })
    const topic = freshTopic()
    const body = 'x'.repeat(5_000)
    const messages = Array.from({ length: 5_000 }, (_, n) => ({
      topic,
      key: `k${n % 7}`,
      headers: { n: `${n}` },
      body,
    }))
    await adapter.publish(messages)
    const seen = new Map<string, number>()
    let count = 0
    for await (const { key = '', headers } of adapter.read({ topic })) {
      expect(Number(headers['n'])).toBeGreaterThan(seen.get(key) ?? -1)
      seen.set(key, Number(headers['n']))
      count++
    }
    expect(count).toBe(5_000)
  })

  it('compresses, if it is told to', async () => {
    const topic = freshTopic()
    const options = [{ compression: 'gzip' }, { compression: 'zstd' }, { compression: 'snappy', codecs }] as const
    for (const option of options) {
      const adapter = await startedAdapter(option)
      await adapter.publish([{ topic, key: 'k', headers: { a: 'ü' }, body: 'x'.repeat(10_000) }])
    }
    expect(await history(await startedAdapter(), topic)).toEqual(options.map(() => 'x'.repeat(10_000)))
  })

  it('says what it will not create, and what cannot be beside each other', async () => {
    const strict = await startedAdapter({ topics: 'require' })
    const topic = freshTopic()
    expect((await failureOf(strict.publish([{ topic, headers: {}, body: 'x' }]))).cause).toBeInstanceOf(
      TopicMissingError,
    )
    await expect(strict.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })).rejects.toBeInstanceOf(
      TopicMissingError,
    )
    expect(await history(strict, topic)).toEqual([])
    const adapter = await startedAdapter()
    await adapter.publish([{ topic: `${topic}.a`, headers: {}, body: 'x' }])
    const error = await failureOf(adapter.publish([{ topic: `${topic}_a`, headers: {}, body: 'x' }]))
    expect(error.stored).toBe('no')
    expect(error.cause).toBeInstanceOf(TopicCollisionError)
  })

  it('keeps applications apart by their prefix', async () => {
    const topic = freshTopic()
    const [one, two] = [await startedAdapter({ prefix: 'one.' }), await startedAdapter({ prefix: 'two.' })]
    await one.publish([{ topic, headers: {}, body: 'x' }])
    expect(await history(one, topic)).toEqual(['x'])
    expect(await history(two, topic)).toEqual([])
    expect(await one.listTopics()).toContain(topic)
    expect(await two.listTopics()).not.toContain(topic)
  })
})

describe('without a broker', () => {
  it('initialize rejects in time and names the addresses; so do publish and close', async () => {
    const adapter = adapterAt(['127.0.0.1:1', '127.0.0.1:2'], {
      connectionTimeout: 2_000,
      publishTimeoutMs: 500,
      backlog: { maxMessages: 2 },
    })
    const began = Date.now()
    const error: unknown = await adapter.initialize().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendUnavailableError)
    expect((error as Error).message).toMatch(/127\.0\.0\.1:1, 127\.0\.0\.1:2/)
    expect(Date.now() - began).toBeLessThan(4_000)
    const topic = freshTopic()
    const waiting = [1, 2].map(() => failureOf(adapter.publish([{ topic, headers: {}, body: 'x' }])))
    await expect(adapter.publish([{ topic, headers: {}, body: 'x' }])).rejects.toBeInstanceOf(PublishBacklogError)
    for (const failure of await Promise.all(waiting)) expect(failure.stored).toBe('no')
    const last = failureOf(adapter.publish([{ topic, headers: {}, body: 'x' }]))
    await adapter.close()
    expect((await last).stored).toBe('no')
    await expect(adapter.publish([{ topic, headers: {}, body: 'x' }])).rejects.toBeInstanceOf(ClosedError)
  })
})

describe('while answers are lost', () => {
  let proxy: AnswersProxy
  let broker: KafkaProcess

  beforeAll(async () => {
    proxy = await AnswersProxy.start()
    broker = await startKafka({
      how: 'process',
      properties: {
        'advertised.listeners': `CLIENT://127.0.0.1:${proxy.port}`,
        'inter.broker.listener.name': 'CLIENT',
        'num.partitions': '1',
      },
    })
  })
  afterAll(async () => {
    proxy.stop()
    await broker.stop()
  })

  async function started(publishTimeoutMs: number, idempotent = true): Promise<KafkaAdapter> {
    proxy.target(Number(broker.nodes[0]?.address.split(':')[1]))
    const adapter = adapterAt([`127.0.0.1:${proxy.port}`], { publishTimeoutMs, idempotent, partitions: 1 })
    await adapter.initialize()
    return adapter
  }

  it('sends the same batch again, which the broker recognises: once each, in order', async () => {
    const adapter = await started(30_000)
    const topic = freshTopic()
    const publish = (body: string): Promise<void> => adapter.publish([{ topic, key: 'k', headers: {}, body }])
    await publish('a')
    await publish('b')
    proxy.deafen()
    const [c, d] = [publish('c'), publish('d')]
    await sleep(500)
    const e = publish('e')
    proxy.recover()
    await Promise.all([c, d, e])
    await publish('f')
    expect(await history(adapter, topic)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('settles in time as unknown, and loses nothing that comes after', async () => {
    const adapter = await started(1_000)
    const topic = freshTopic()
    const publish = (body: string): Promise<void> => adapter.publish([{ topic, key: 'k', headers: {}, body }])
    await publish('a')
    proxy.deafen()
    const began = Date.now()
    const error = await failureOf(publish('b'))
    expect(error.stored).toBe('unknown')
    expect(Date.now() - began).toBeLessThan(2_500)
    proxy.recover()
    await publish('c')
    await publish('d')
    const log = await history(adapter, topic)
    // What is unknown may be there, once; what resolved must be.
    expect(log.filter((body) => body !== 'b')).toEqual(['a', 'c', 'd'])
    expect(log.filter((body) => body === 'b').length).toBeLessThanOrEqual(1)
  })

  it('does not send again what the broker would not recognise', async () => {
    const adapter = await started(10_000, false)
    const topic = freshTopic()
    const publish = (body: string): Promise<void> => adapter.publish([{ topic, key: 'k', headers: {}, body }])
    await publish('a')
    proxy.deafen()
    const failing = failureOf(publish('b'))
    await sleep(500)
    proxy.recover()
    expect((await failing).stored).toBe('unknown')
    await publish('c')
    expect((await history(adapter, topic)).filter((body) => body !== 'b')).toEqual(['a', 'c'])
  })
})
