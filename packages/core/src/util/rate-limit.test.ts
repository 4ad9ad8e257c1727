import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { RateLimit } from './rate-limit.ts'

describe('RateLimit', () => {
  it('lets one of a kind pass per second and counts the others', async () => {
    const clock = new FakeClock()
    const limit = new RateLimit(clock)
    expect(limit.pass('a')).toBe(0)
    expect(limit.pass('a')).toBeUndefined()
    await clock.advance(999)
    expect(limit.pass('a')).toBeUndefined()
    await clock.advance(1)
    expect(limit.pass('a')).toBe(2)
    await clock.advance(1_000)
    expect(limit.pass('a')).toBe(0)
  })

  it('limits each kind by itself', () => {
    const limit = new RateLimit(new FakeClock())
    expect(limit.pass('a')).toBe(0)
    expect(limit.pass('b')).toBe(0)
    expect(limit.pass('b')).toBeUndefined()
  })

  it('stays usable, and small, with ever new kinds', () => {
    const limit = new RateLimit(new FakeClock())
    for (let kind = 0; kind < 5_000; kind++) expect(limit.pass(`kind ${kind}`)).toBe(0)
    expect(limit.pass('kind 4999')).toBeUndefined()
  })
})
