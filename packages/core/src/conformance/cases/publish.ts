import assert from 'node:assert/strict'
import type { Headers, Message } from '../../spi/index.ts'
import type { ConformanceCase } from '../case.ts'
import { ack, assertSame, bodies, bodyOf, message, numbered, withAndWithoutKey } from '../support/messages.ts'
import { take, takeThrough } from '../support/take.ts'

const contents: Readonly<Record<string, string | Uint8Array>> = {
  'UTF-8': 'Grüße, 世界, 🚌, \u0000 and \u2028',
  'every byte': Uint8Array.from({ length: 256 }, (_, byte) => byte),
  'not UTF-8': Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0x80),
  empty: '',
  'no bytes': new Uint8Array(0),
  '512 KiB': 'ä'.repeat(256 * 1024),
}

/** Has no properties of its own. */
class ComputedMessage implements Message {
  readonly #topic: string
  readonly #key: string | undefined

  constructor(topic: string, key: string | undefined) {
    this.#topic = topic
    this.#key = key
  }

  get topic(): string {
    return this.#topic
  }

  get key(): string | undefined {
    return this.#key
  }

  get headers(): Headers {
    return { computed: 'yes' }
  }

  get body(): string {
    return 'computed'
  }
}

export const publishCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'every published message is delivered once',
    promise: 'A resolved publish is not lost on its way, however many there are.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        const messages = numbered(topic, 600, { key })
        for (let start = 0; start < 600; start += 150) await adapter.publish(messages.slice(start, start + 150))
        const deliveries = await take(context, consumer, 600)
        assertSame(bodies(deliveries), bodies600, 'Every message came once')
        await ack(deliveries)
      }),
  },
  {
    tier: 'spi',
    name: 'the body arrives byte by byte as it was published',
    promise: 'Nothing between publisher and handler re-encodes, trims or truncates.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      for (const [what, body] of Object.entries(contents)) {
        await adapter.publish([message(topic, body)])
        const [delivery] = await take(context, consumer, 1)
        const expected = typeof body === 'string' ? new TextEncoder().encode(body) : body
        const found = delivery?.message.body as Uint8Array
        assert.ok(found instanceof Uint8Array, `${what}: a stored body is bytes.`)
        assert.ok(
          Buffer.from(expected).equals(found),
          `${what}: ${found.byteLength} bytes that differ came for ${expected.byteLength}.`,
        )
        await delivery?.ack()
      }
    },
  },
  {
    tier: 'spi',
    name: 'a text body is the same as its UTF-8 bytes',
    promise: 'A publisher may use whichever form travels faster.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      const text = '{"greeting":"Grüße 🚌"}'
      await adapter.publish([message(topic, text, { key: 'k' })])
      await adapter.publish([message(topic, new TextEncoder().encode(text), { key: 'k' })])
      const [first, second] = await take(context, consumer, 2)
      assert.deepEqual(Buffer.from(first?.message.body ?? []), Buffer.from(second?.message.body ?? []))
      assert.equal(bodyOf(first?.message ?? message(topic, '')), text)
    },
  },
  {
    tier: 'spi',
    name: 'key, headers and topic arrive as they were published',
    promise: 'Order and everything that the bus keeps in headers depend on them.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      const headers = {
        'content-type': 'text/plain',
        'x-name': 'Grüße 🚌',
        'x-empty': '',
        'x-lines': 'a\nb\tc',
        'x-long': 'l'.repeat(8192),
      }
      const published = [
        message(topic, '1', { headers, key: 'Schlüssel/世界 🚌' }),
        message(topic, '2', { key: 'k'.repeat(500), headers: { only: 'this' } }),
        message(topic, '3', { key: '0' }),
        message(topic, '4', { headers }),
        message(topic, '5'),
      ]
      const earliest = Date.now() - 60_000
      for (const one of published) {
        await adapter.publish([one])
        const [delivery] = await take(context, consumer, 1)
        const found = delivery?.message
        assert.equal(found?.key, one.key)
        assert.deepEqual({ ...found?.headers }, one.headers)
        assert.equal(found?.topic, topic)
        assert.equal(found && bodyOf(found), one.body)
        assert.equal(typeof found?.position, 'string')
        assert.ok(
          (found?.storedAt ?? 0) > earliest,
          'storedAt is the time at which it was stored, in epoch milliseconds.',
        )
        await delivery?.ack()
      }
    },
  },
  {
    tier: 'spi',
    name: 'a message whose properties are computed arrives like any other',
    promise:
      'The messages of the core are objects with getters: whoever copies one asks for each property by its name.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish([new ComputedMessage(topic, key)])
        const [delivery] = await take(context, consumer, 1)
        assert.deepEqual(delivery && bodies([delivery]), ['computed'])
        assert.deepEqual({ ...delivery?.message.headers }, { computed: 'yes' })
        assert.equal(delivery?.message.key, key)
        await delivery?.ack()
      }),
  },
  {
    tier: 'spi',
    name: 'a message is delivered on its own topic only',
    promise: 'Topics are apart, also those with similar names.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const others = [`${topic}.a`, `${topic}-a`, `${topic}a`, `a${topic}`, topic.toUpperCase()]
      const consumer = await context.consume(adapter, topic, { group: 'g', startFrom: 'earliest' })
      await Promise.all(others.map((other) => adapter.publish([message(other, `of ${other}`, { key: 'k' })])))
      await adapter.publish([message(topic, 'mine', { key: 'k' })])
      assert.deepEqual(bodies(await takeThrough(context, consumer, 'mine')), ['mine'])
      for (const other of others.slice(0, 2)) {
        const there = await context.consume(adapter, other, { group: 'g', startFrom: 'earliest' })
        assert.deepEqual(bodies(await take(context, there, 1)), [`of ${other}`])
      }
    },
  },
  {
    tier: 'spi',
    name: 'many topics are published to and consumed at once without mixing',
    promise: 'A service may use as many topics as it likes in one process.',
    async run(context) {
      const adapter = await context.adapter()
      const topics = Array.from({ length: 12 }, () => context.topic())
      const consumers = await Promise.all(topics.map((topic) => context.consume(adapter, topic, { group: 'g' })))
      // One call with messages of all topics, and many calls with those of one.
      await adapter.publish(topics.map((topic) => message(topic, `${topic}:0`)))
      await Promise.all(topics.map((topic) => adapter.publish(numbered(topic, 19, {}, `${topic}:`))))
      await Promise.all(
        topics.map(async (topic, index) => {
          const deliveries = await take(context, consumers[index] as (typeof consumers)[number], 20)
          const expected = Array.from({ length: 20 }, (_, number) => `${topic}:${number}`)
          assertSame(bodies(deliveries), expected, `Topic ${index + 1} of 12 has its own messages`)
        }),
      )
    },
  },
  {
    tier: 'spi',
    name: 'concurrent publishers lose nothing, and each keeps its order within a key',
    promise: 'Publishing without waiting in between is as safe as waiting, and faster.',
    async run(context) {
      const [topic, publishers] = [context.topic(), await context.members(4)]
      const consumer = await context.consume(publishers[0] as (typeof publishers)[number], topic, { group: 'g' })
      await Promise.all(
        publishers.flatMap((adapter, index) =>
          numbered(topic, 50, { key: `p${index}` }, `p${index}:`).map((one) => adapter.publish([one])),
        ),
      )
      const deliveries = await take(context, consumer, 200)
      for (const [index] of publishers.entries()) {
        const own = bodies(deliveries.filter(({ message: { key } }) => key === `p${index}`))
        assert.deepEqual(own, bodiesOf(50, `p${index}:`), `The messages of publisher ${index + 1} came in its order.`)
      }
      await ack(deliveries)
    },
  },
]

function bodiesOf(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
}

const bodies600: readonly string[] = bodiesOf(600)
