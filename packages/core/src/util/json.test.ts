import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clone, snapshot } from './json.ts'

function roundTrip(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? undefined : JSON.parse(text)
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength((JSON.stringify(value) as string | undefined) ?? '')
}

/** Equal in text (which shows the order of keys) and in value (which shows `-0`, `undefined` and prototypes). */
function expectRoundTrip(value: unknown): void {
  const { value: copy, maxBytes } = snapshot(value)
  const expected = roundTrip(value)
  expect(JSON.stringify(copy)).toBe(JSON.stringify(expected))
  // Not toStrictEqual: it trips over a member called `constructor`.
  deepStrictEqual(copy, expected)
  expect(maxBytes).toBeGreaterThanOrEqual(bytesOf(value))
}

const strings = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\ud800', '\udfff', '"\\\n\u0001'),
)
const keys = fc.oneof(
  strings,
  fc.constantFrom('__proto__', 'constructor', 'toString', 'toJSON', 'length', '1', '0', '-1', ''),
)
const leaves = fc.oneof(
  strings,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE, -Number.MAX_VALUE),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(Symbol('s'), () => 1, new Map([[1, 2]]), new Set([1]), /x/, Object(3), Object('x'), Object(false)),
)

/** Objects whose members are defined one by one, so that `__proto__` is a member like any other. */
function objectOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc.tuple(fc.array(fc.tuple(keys, values), { maxLength: 6 }), fc.boolean()).map(([members, bare]) => {
    const object = bare ? (Object.create(null) as object) : {}
    for (const [name, value] of members) {
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
    }
    return object
  })
}

const anything = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaves,
    fc.array(tie('tree'), { maxLength: 6 }),
    objectOf(tie('tree')),
  ),
})).tree

const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' })

describe('snapshot', () => {
  it('is what a round trip through JSON gives, whatever the value', () => {
    fc.assert(fc.property(anything, expectRoundTrip), { numRuns: 3_000 })
  })

  it('is what a round trip through JSON gives for what JSON can hold', () => {
    fc.assert(fc.property(json, expectRoundTrip), { numRuns: 2_000 })
  })

  it('shares nothing with the value it was made of', () => {
    fc.assert(
      fc.property(json, (value) => {
        const { value: copy } = snapshot(value)
        const before = JSON.stringify(copy)
        scramble(value)
        expect(JSON.stringify(copy)).toBe(before)
      }),
    )
  })

  it('never says fewer bytes than text with long escapes takes', () => {
    for (const text of ['\u0000'.repeat(50), '\ud800'.repeat(50), '€'.repeat(50), '😀'.repeat(50), '"'.repeat(50)]) {
      expect(snapshot({ [text]: [text] }).maxBytes).toBeGreaterThanOrEqual(bytesOf({ [text]: [text] }))
    }
  })

  it('never says fewer bytes than the longest numbers take', () => {
    for (const number of [-1.234567890123456e-300, -Number.MAX_VALUE, Number.MIN_VALUE, 1e21, -123456789012345680000]) {
      expect(snapshot([number]).maxBytes).toBeGreaterThanOrEqual(bytesOf([number]))
    }
  })
})

describe('clone', () => {
  it('equals what it was made of and shares nothing with it', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { value: original } = snapshot(value)
        const copy = clone(original)
        deepStrictEqual(copy, original)
        const before = JSON.stringify(original)
        scramble(copy)
        expect(JSON.stringify(original)).toBe(before)
      }),
    )
  })

  it('keeps a member called __proto__ a member', () => {
    const copy = clone(JSON.parse('{"__proto__":{"admin":true},"a":1}') as object)
    expect(Object.keys(copy)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })

  it('copies whatever JSON can write, however deep', () => {
    const text = deepestText()
    expect(JSON.stringify(clone(JSON.parse(text)))).toBe(text)
  })
})

/** As deep as `JSON.stringify` gets here with half of the stack. */
function deepestText(): string {
  let depth = 256
  const text = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  try {
    for (; depth < 100_000; depth *= 2) JSON.stringify(JSON.parse(text(depth)))
  } catch {
    // The stack ended.
  }
  return text(depth / 4)
}

/** Changes everything in `value` that can be changed. */
function scramble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) scramble(member)
  if (Array.isArray(value)) value.push('scrambled')
  else Object.assign(value, { scrambled: true })
}
