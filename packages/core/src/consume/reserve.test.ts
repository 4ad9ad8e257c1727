import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { Reserve } from './reserve.ts'

/** A subscription that always finds as many events as it may take, in time that passes only when it handles them. */
class Member {
  readonly clock = new FakeClock()
  readonly concurrency: number
  readonly reserve: Reserve
  /** Taken, not handled yet. */
  hand = 0
  pulls = 0

  constructor(concurrency: number, prefetch = 256) {
    this.concurrency = concurrency
    this.reserve = new Reserve(this.clock, concurrency, prefetch)
  }

  take(most = Number.POSITIVE_INFINITY): void {
    const room = Math.min(most, this.reserve.room(this.hand))
    if (room > 0) this.pulls++
    for (let i = 0; i < room; i++) {
      this.hand++
      this.reserve.taken()
    }
  }

  /** One event in each slot. */
  async work(ms: number): Promise<void> {
    await this.clock.advance(ms)
    for (let i = Math.min(this.concurrency, this.hand); i > 0; i--) this.reserve.ended(--this.hand)
  }

  /** `count` events, as many at once as there are slots; each takes `ms`. */
  async handle(count: number, ms: number): Promise<void> {
    for (let done = 0; done < count; done += this.concurrency) {
      this.take()
      await this.work(ms)
    }
    this.take()
  }
}

describe('the reserve', () => {
  it('is nothing before the pace is known', () => {
    const member = new Member(4)
    member.take()
    expect(member.hand).toBe(4)
    expect(member.reserve.room(4)).toBe(0)
    expect(member.reserve.room(3)).toBe(1)
  })

  it('is nothing for handlers that take long, and each slot is filled as soon as it is free', async () => {
    const member = new Member(1)
    await member.handle(5, 1_000)
    expect(member.hand).toBe(1)
    expect(member.pulls).toBe(6)
  })

  it('is what can be begun within a quarter of a second', async () => {
    const member = new Member(2)
    // 200 a second.
    await member.handle(400, 10)
    expect(member.hand).toBeGreaterThanOrEqual(2 + 25)
    expect(member.hand).toBeLessThanOrEqual(2 + 50)
  })

  it('grows to the whole window where events take no time, and is filled up by halves', async () => {
    const member = new Member(1)
    await member.handle(1_000, 0)
    expect(member.reserve.room(0)).toBe(1 + 256)
    member.pulls = 0
    await member.handle(1_280, 0)
    expect(member.pulls).toBeLessThanOrEqual(11)
  })

  it('is given up, before more is taken, when handlers become slow', async () => {
    const member = new Member(1)
    await member.handle(1_000, 0)
    member.pulls = 0
    await member.handle(member.hand - 1, 1_000)
    expect(member.pulls).toBe(0)
    expect(member.reserve.room(1)).toBe(0)
  })

  it('is given up as well when slow events come one by one', async () => {
    const member = new Member(1)
    await member.handle(1_000, 0)
    while (member.hand > 0) await member.work(0)
    for (let i = 0; i < 40; i++) {
      member.take(1)
      await member.work(1_000)
      // Waiting for the next one says nothing of the pace.
      await member.clock.advance(60_000)
    }
    expect(member.reserve.room(0)).toBe(1)
  })

  it('does not take waiting for slowness', async () => {
    const member = new Member(1)
    for (let i = 0; i < 400; i++) {
      member.take(1)
      await member.work(0)
      await member.clock.advance(1_000)
    }
    expect(member.reserve.room(0)).toBe(1 + 256)
  })

  it('does not follow a single stall', async () => {
    const member = new Member(1)
    await member.handle(1_000, 0)
    await member.handle(1, 5_000)
    await member.handle(200, 0)
    expect(member.reserve.room(0)).toBe(1 + 256)
  })

  it('never exceeds the window', async () => {
    const member = new Member(1, 8)
    await member.handle(100, 0)
    expect(member.reserve.room(0)).toBe(1 + 8)
  })
})
