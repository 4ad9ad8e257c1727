import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { InMemoryIdempotencyStore } from './in-memory-idempotency-store.ts'

describe('InMemoryIdempotencyStore', () => {
  it('forgets what has expired, so that it does not grow for ever', async () => {
    const clock = new FakeClock()
    const store = new InMemoryIdempotencyStore(clock)
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 1_000; n++) await store.done(`${round}/${n}`, 'o', 100)
      await clock.advance(200)
    }
    expect(store.size).toBeLessThan(4_000)
    expect(await store.claim('19/0', 'o', 1)).toBe('claimed')
  })
})
