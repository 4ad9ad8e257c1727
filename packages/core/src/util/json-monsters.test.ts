import { deepStrictEqual } from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { snapshot } from './json.ts'

class Money {
  readonly #cents: number
  readonly currency = 'EUR'

  constructor(cents: number) {
    this.#cents = cents
  }

  get cents(): number {
    return this.#cents
  }
}

class Celsius {
  readonly degrees = 21

  toJSON(key: string): string {
    return `${this.degrees}° in ${JSON.stringify(key)}`
  }
}

class Names extends Array<string> {}

const withGetter = {
  get a() {
    return { b: 1 }
  },
}
const hidden = Object.defineProperty({ seen: 1 }, 'unseen', { value: 2, enumerable: false })
const inherited = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }) as object
const bare = Object.assign(Object.create(null) as object, { a: 1 })
const sparse = [1, , 3] // oxlint-disable-line no-sparse-arrays
const decorated = Object.assign([1, 2], { extra: true })
const proxied = new Proxy({ a: 1, b: [2] }, {})
const shrinking = {
  get a() {
    delete (this as { b?: number }).b
    return 1
  },
  b: 2,
}
const growing = {
  get a() {
    Object.assign(this, { z: 1 })
    return 1
  },
}

const monsters: readonly (readonly [string, () => unknown])[] = [
  ['undefined', () => undefined],
  ['a function', () => () => 1],
  ['a symbol', () => Symbol('s')],
  ['members without a value', () => ({ a: undefined, b: () => 1, c: Symbol('s'), d: 1 })],
  ['items without a value', () => [undefined, () => 1, Symbol('s'), 1]],
  ['keys that are symbols', () => ({ [Symbol('s')]: 1, a: 2 })],
  ['a date', () => ({ at: new Date(0) })],
  ['an invalid date', () => ({ at: new Date(Number.NaN) })],
  ['toJSON', () => ({ room: new Celsius(), rooms: [new Celsius()] })],
  ['toJSON at the top', () => new Celsius()],
  ['toJSON that gives nothing', () => ({ a: { toJSON: () => undefined }, b: [{ toJSON: () => undefined }] })],
  ['toJSON that is data', () => ({ toJSON: 'today' })],
  ['an array with toJSON', () => Object.assign([1], { toJSON: () => 'array' })],
  ['maps and sets', () => ({ map: new Map([['a', 1]]), set: new Set([1]), weak: new WeakMap() })],
  ['a class with private fields', () => new Money(5)],
  ['a subclass of Array', () => new Names('a', 'b')],
  ['an error', () => Object.assign(new Error('hidden'), { code: 'E' })],
  ['bytes', () => ({ array: new Uint8Array([1, 2]), buffer: Buffer.from('a'), raw: new ArrayBuffer(2) })],
  ['a regular expression', () => /x/g],
  ['a promise', () => ({ a: Promise.resolve(1) })],
  ['a getter', () => withGetter],
  ['a hidden member', () => hidden],
  ['inherited members', () => inherited],
  ['a null prototype', () => bare],
  ['a sparse array', () => sparse],
  ['an array with further members', () => decorated],
  ['a proxy', () => proxied],
  ['a proxy of an array', () => new Proxy([1, { a: 2 }], {})],
  [
    'a getter that removes members',
    () => ({
      ...Object.getOwnPropertyDescriptors({}),
      a: Object.create(Object.prototype, Object.getOwnPropertyDescriptors(shrinking)) as unknown,
    }),
  ],
  [
    'a getter that adds members',
    () => Object.create(Object.prototype, Object.getOwnPropertyDescriptors(growing)) as unknown,
  ],
  ['boxed primitives', () => [Object(1), Object('s'), Object(true), Object(Number.NaN), Object(-0)]],
  ['negative zero', () => [-0, { zero: -0 }]],
  ['what is not finite', () => [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['lone surrogates', () => ({ '\ud800': '\udc00', pair: '\ud83d\ude00' })],
  ['a member called __proto__', () => JSON.parse('{"__proto__":{"a":1},"b":{"__proto__":null}}') as unknown],
  ['keys that look like numbers', () => ({ b: 1, 10: 2, 2: 3, a: 4, '-1': 5 })],
  ['the arguments of a call', () => argumentsOf(1, 2)],
  ['objects of another realm', () => runInNewContext('({ list: [1, { a: 2 }], at: new Date(0) })') as unknown],
  ['the same object twice', () => ({ a: bare, b: bare, c: [bare] })],
  ['more levels than the quick way takes', () => nested(80)],
]

function argumentsOf(..._values: readonly number[]): unknown {
  return (function collect() {
    return arguments // oxlint-disable-line prefer-rest-params
  })(...([1, 2] as unknown as []))
}

function nested(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { value } : [value]
  return value
}

describe('snapshot', () => {
  it.each(monsters)('treats %s as JSON does', (_name, make) => {
    const text = JSON.stringify(make()) as string | undefined
    const { value, maxBytes } = snapshot(make())
    deepStrictEqual(value, text === undefined ? undefined : (JSON.parse(text) as unknown))
    expect(JSON.stringify(value)).toBe(text)
    expect(maxBytes).toBeGreaterThanOrEqual(Buffer.byteLength(text ?? ''))
  })

  it('takes as many levels as JSON does', () => {
    const text = JSON.stringify(nested(1_500))
    expect(JSON.stringify(snapshot(nested(1_500)).value)).toBe(text)
  })

  it('treats raw JSON text as JSON does', () => {
    // Not in Node 20.
    const { rawJSON = JSON.parse } = JSON as unknown as { rawJSON?: (text: string) => unknown }
    const value = { big: rawJSON('12345678901234567890'), text: rawJSON('"a"') }
    deepStrictEqual(snapshot(value).value, JSON.parse(JSON.stringify(value)))
  })

  it.each([
    ['a big integer', () => 1n],
    ['a big integer inside', () => ({ a: [1n] })],
    ['a cycle', cyclic],
    ['a cycle through an array', () => [cyclic()]],
    ['a revoked proxy', revoked],
    [
      'a getter that throws',
      () => ({
        get a() {
          throw new TypeError('no')
        },
      }),
    ],
    [
      'toJSON that throws',
      () => ({
        toJSON() {
          throw new TypeError('no')
        },
      }),
    ],
  ])('throws for %s what JSON throws', (_name, make) => {
    expect(() => JSON.stringify(make())).toThrow(TypeError)
    expect(() => snapshot(make())).toThrow(TypeError)
  })

  it('writes a big integer that knows how', () => {
    const patched = BigInt.prototype as unknown as { toJSON?: (this: bigint) => string }
    patched.toJSON = function toJSON() {
      return `${this}`
    }
    try {
      expect(snapshot({ a: 5n }).value).toEqual({ a: '5' })
    } finally {
      delete patched.toJSON
    }
  })

  it('counts on after a getter that takes a snapshot itself', () => {
    const value = {
      long: 'x'.repeat(1_000),
      get inner() {
        return snapshot({ a: 1 }).value
      },
    }
    expect(snapshot(value).maxBytes).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)))
  })

  it('calls a getter of ordinary data once', () => {
    let calls = 0
    const value = {
      get a() {
        return ++calls
      },
    }
    expect(snapshot(value).value).toEqual({ a: 1 })
    expect(calls).toBe(1)
  })
})

function cyclic(): object {
  const value: Record<string, unknown> = { a: 1 }
  value['self'] = { value }
  return value
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
