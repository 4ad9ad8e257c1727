import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoff, type RetryPolicy } from './backoff.ts'

const policy: RetryPolicy = { initialDelayMs: 200, factor: 2, maxDelayMs: 30_000, jitter: 0, holdUpToMs: 5_000 }

describe('backoff', () => {
  it('doubles from the first delay to the longest', () => {
    const delays = Array.from({ length: 10 }, (_, index) => backoff(index + 1, policy, 0.5))
    expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
  })

  it('lengthens by up to the jitter, also the longest delay', () => {
    expect(backoff(1, { ...policy, jitter: 0.2 }, 0)).toBe(200)
    expect(backoff(1, { ...policy, jitter: 0.2 }, 0.5)).toBe(220)
    expect(backoff(1, { ...policy, jitter: 0.2 }, 1)).toBe(240)
    expect(backoff(20, { ...policy, jitter: 0.2 }, 1)).toBe(36_000)
  })

  it.each([
    [{ factor: 1 }, 200],
    [{ initialDelayMs: 0 }, 0],
    [{ maxDelayMs: 0 }, 0],
    [{ factor: Number.POSITIVE_INFINITY }, 30_000],
    [{ initialDelayMs: 0, factor: 10 }, 0],
  ])('is a time with %j, however often it failed', (options, expected) => {
    expect(backoff(5_000, { ...policy, ...options }, 0)).toBe(expected)
  })

  it('is never shorter than the delay before, nor than what was announced, nor longer than allowed', () => {
    const policies = fc.record({
      initialDelayMs: fc.nat(100_000),
      factor: fc.oneof(fc.constant(1), fc.double({ min: 1, max: 10, noNaN: true })),
      maxDelayMs: fc.nat(1_000_000),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      holdUpToMs: fc.constant(0),
    })
    const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 3_000 }), chance, (options, failures, luck) => {
        const delay = backoff(failures, options, luck)
        expect(delay).toBeGreaterThanOrEqual(backoff(failures, options, 0))
        expect(backoff(failures + 1, options, luck)).toBeGreaterThanOrEqual(delay)
        expect(delay).toBeGreaterThanOrEqual(Math.min(options.initialDelayMs, options.maxDelayMs))
        expect(delay).toBeLessThanOrEqual(Math.ceil(options.maxDelayMs * (1 + options.jitter)))
      }),
    )
  })
})
