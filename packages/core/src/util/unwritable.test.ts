import { describe, expect, it } from 'vitest'
import { unwritable } from './unwritable.ts'

const cyclic: Record<string, unknown> = { list: [{ name: 'x' }] }
cyclic['self'] = { deeper: cyclic }

describe('unwritable', () => {
  it.each<[unknown, string | undefined]>([
    [{ a: 1, b: ['x', null, { c: undefined }] }, undefined],
    [1n, 'payload is a bigint'],
    [{ order: { items: [{ cents: 1 }, { cents: 2n }] } }, 'payload.order.items[1].cents is a bigint'],
    [{ 'a b': { 1: 1n } }, 'payload["a b"]["1"] is a bigint'],
    [cyclic, 'payload.self.deeper leads back to payload'],
    [{ twice: [new Date(0), { toJSON: () => 1 }] }, undefined],
  ])('of %o is %j', (value, expected) => {
    expect(unwritable(value, 'payload')).toBe(expected)
  })

  it('is nothing that stands in two places', () => {
    const shared = { a: 1 }
    expect(unwritable({ one: shared, two: [shared, shared] }, 'payload')).toBeUndefined()
  })
})
