import { deepStrictEqual } from 'node:assert/strict'
import { describe, expect, it } from 'vitest'
import { JsonValue } from './json-value.ts'

const values: readonly unknown[] = [
  { a: [1, { b: null, c: undefined }], d: new Date(0), ['__proto__']: 1 },
  JSON.parse('{"__proto__":{"x":1}}'),
  [undefined, Number.NaN, -0],
  'lone \ud800 and \u2028',
  '',
  0,
  null,
  undefined,
]

describe('a value as JSON', () => {
  it.each(values.map((value) => [value]))('is the same whichever way it was made: %j', (value) => {
    const copied = JsonValue.copied(value)
    const written = JsonValue.written(value)
    expect(written.text).toBe(JSON.stringify(value))
    expect(copied.text).toBe(written.text)
    deepStrictEqual(written.value, copied.value)
    for (const { maxBytes } of [copied, written])
      expect(maxBytes).toBeGreaterThanOrEqual(Buffer.byteLength(written.text ?? ''))
  })

  it.each(['copied', 'written'] as const)('is taken at once, not when it is asked for: %s', (way) => {
    const value = { lines: [1] }
    const json = JsonValue[way](value)
    value.lines.push(2)
    expect(json.value).toEqual({ lines: [1] })
    expect(json.text).toBe('{"lines":[1]}')
  })

  it.each(['copied', 'written'] as const)('refuses what JSON cannot hold: %s', (way) => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(() => JsonValue[way](cycle)).toThrow(TypeError)
    expect(() => JsonValue[way]({ a: 1n })).toThrow(TypeError)
  })
})
