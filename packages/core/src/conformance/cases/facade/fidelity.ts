import assert from 'node:assert/strict'
import { EventInvalidError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage } from '../../support/facade-stage.ts'
import { wired } from '../../support/facade-wire.ts'
import { rejection } from '../../support/facade-rejection.ts'

class Money {
  readonly #cents: number
  readonly currency: string = 'EUR'

  constructor(cents: number) {
    this.#cents = cents
  }

  get cents(): number {
    return this.#cents
  }
}

function nested(depth: number): unknown {
  return depth === 0 ? 'bottom' : { in: [nested(depth - 1)] }
}

const payloads: Readonly<Record<string, unknown>> = {
  null: null,
  undefined: undefined,
  false: false,
  zero: 0,
  'negative zero': -0,
  'an empty text': '',
  'an empty list': [],
  'an empty object': {},
  'members without a value': { gone: undefined, method: () => 1, symbol: Symbol('s'), [Symbol('key')]: 1, kept: null },
  'items without a value': [undefined, () => 1, Symbol('s'), null, ...Array<unknown>(2)],
  dates: { at: new Date(86_400_000), list: [new Date('2024-02-29T12:00:00.5Z')] },
  'a date alone': new Date(0),
  numbers: [-0, 0.1 + 0.2, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 53 + 2, -(2 ** 63)],
  'what is not a number': { nan: Number.NaN, infinite: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] },
  texts: ['Grüße, 世界', '🚌👩‍👩‍👧', 'é', '\u0000\u001F\u007F"\\/', '\u2028\u2029', '\uD800 alone', '\uFEFF', '\uFFFF'],
  names: { '': 1, '0': 2, ключ: 3, 'with "quotes"': 4, constructor: 5, toString: 6, '\u2028': 7 },
  'a name that objects react to': JSON.parse('{"__proto__": {"admin": true}, "list": [{"__proto__": null}]}'),
  'what is written by its own rule': {
    url: new URL('https://example.org/a?b=c'),
    own: { toJSON: () => ({ written: 1 }) },
  },
  'what has other members than it seems': [new Map([[1, 2]]), new Set([1]), new Money(100), /x/, new Error('x')],
  bytes: { buffer: Buffer.from('ü'), array: Uint8Array.of(1, 2) },
  boxes: [Object(1), Object('text'), Object(false)],
  'objects without a prototype': Object.assign(Object.create(null), { a: 1, b: Object.create(null) }),
  'many levels': nested(150),
}

const unwritable: Readonly<Record<string, () => unknown>> = {
  'a BigInt': () => ({ amount: 1n }),
  'a cycle': () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = { cycle }
    return cycle
  },
}

export const fidelityCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a payload arrives as JSON has it, the same on every backend and on every way',
    promise:
      'What works in memory works over the wire: nothing arrives there that a server would have lost or changed.',
    run: onStage(async (stage) => {
      const [{ bus }, { bus: farBus }] = [await stage.process(), await stage.process({ around: wired })]
      const [topic, near, far] = [stage.topic(), stage.recorder(), stage.recorder()]
      await bus.subscribe(topic, near.handle, { consumerGroup: 'near' })
      await farBus.subscribe(topic, far.handle, { consumerGroup: 'far' })
      for (const [what, payload] of Object.entries(payloads)) await bus.publish(topic, what, payload, { key: 'k' })
      for (const seen of [near, far]) {
        const handled = await seen.handled.reached(Object.keys(payloads).length)
        assert.deepEqual(
          handled.map(({ event }) => event.type),
          Object.keys(payloads),
        )
        for (const { event } of handled) {
          const text = JSON.stringify(payloads[event.type]) as string | undefined
          const expected: unknown = text === undefined ? undefined : JSON.parse(text)
          assert.deepEqual(
            event.payload,
            expected,
            `${event.type} (${seen === near ? 'as the adapter lends it' : 'from its bytes'})`,
          )
        }
      }
    }),
  },
  {
    tier: 'facade',
    name: 'history and dead letters have a payload as the handler had it',
    promise: 'Whoever looks at an event later sees what was handled.',
    run: onStage(async (stage) => {
      for (const around of [undefined, wired]) {
        const [{ bus, hooks }, topic] = [await stage.process({ around }), stage.topic()]
        const seen = stage.recorder(() => {
          throw new Error('no')
        })
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 0 })
        const payload = { at: new Date(0), zero: -0, gone: undefined, text: 'ü🚌', list: [undefined] }
        await bus.publish(topic, 'tested', payload, { metadata: { custom: { a: [1] } } })
        await hooks.deadLetter.reached(1)
        const [start] = seen.starts.items
        for (const place of [topic, `${topic}.g.dlq`]) {
          for await (const event of bus.history(place)) {
            assert.deepEqual(event.payload, start?.event.payload)
            assert.deepEqual(event.metadata['custom'], { a: [1] })
          }
        }
        assert.deepEqual(start?.event.payload, JSON.parse(JSON.stringify(payload)))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'what cannot be written as JSON is rejected, and nothing is stored',
    promise: 'A mistake shows where it was made, not in some handler.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      for (const [what, make] of Object.entries(unwritable)) {
        const single = await rejection(EventInvalidError, bus.publish(topic, what, make(), { key: 'k' }))
        assert.equal(single.code, 'BUS_EVENT_INVALID')
        assert.deepEqual([single.topic, single.type, single.issues.length], [topic, what, 1])
        const batch = [
          { type: 'good', payload: 1, key: 'k' },
          { type: what, payload: make(), key: 'k' },
        ]
        await rejection(EventInvalidError, bus.publishBatch(topic, batch))
      }
      await rejection(EventInvalidError, bus.publish(topic, '', 1))
      await rejection(EventInvalidError, bus.publish(topic, 'tested', 1, { key: '' }))
      await bus.publish(topic, 'last', 2, { key: 'k' })
      await seen.handled.reached(1)
      assert.deepEqual(
        seen.starts.items.map(({ event }) => event.type),
        ['last'],
      )
    }),
  },
  {
    tier: 'facade',
    name: 'an event is what it was when it was published, whatever its publisher does with it afterwards',
    promise: 'Objects may be used again at once; an event does not change after the fact.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      const [payload, metadata] = [{ list: [{ name: 'before' }] }, { tags: { name: 'before' } }]
      const publishing = bus.publish(topic, 'tested', payload, { metadata })
      payload.list.push({ name: 'after' })
      Object.assign(payload.list[0] ?? {}, { name: 'after' })
      metadata.tags.name = 'after'
      const published = await publishing
      Object.assign(published.metadata, { userId: 'after', tags: 'after' })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', startFrom: 'earliest' })
      const [start] = await seen.handled.reached(1)
      assert.deepEqual(start?.event.payload, { list: [{ name: 'before' }] })
      assert.deepEqual(start?.event.metadata['tags'], { name: 'before' })
      assert.equal(start?.event.metadata.userId, undefined)
    }),
  },
]
