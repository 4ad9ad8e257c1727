import type { ClaimOutcome, IdempotencyStore } from '../spi/idempotency-store.ts'
import { type Clock, systemClock } from '../util/clock.ts'

interface Entry {
  /** `undefined`: it is done. */
  readonly owner: string | undefined
  /** Epoch milliseconds. */
  readonly until: number
}

/** Remembers within this process: for tests, and for one process whose backend outlives it. */
export class InMemoryIdempotencyStore implements IdempotencyStore {
  readonly #clock: Pick<Clock, 'now'>
  readonly #entries = new Map<string, Entry>()
  #nextSweep = 1_024

  constructor(clock: Pick<Clock, 'now'> = systemClock) {
    this.#clock = clock
  }

  /** Keys remembered, some of which may have expired. */
  get size(): number {
    return this.#entries.size
  }

  async claim(key: string, owner: string, leaseMs: number): Promise<ClaimOutcome> {
    const entry = this.#current(key)
    if (entry !== undefined && entry.owner !== owner) return entry.owner === undefined ? 'done' : 'busy'
    this.#set(key, owner, leaseMs)
    return 'claimed'
  }

  async renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    if (this.#current(key)?.owner !== owner) return false
    this.#set(key, owner, leaseMs)
    return true
  }

  async done(key: string, _owner: string, ttlMs: number): Promise<void> {
    this.#set(key, undefined, ttlMs)
  }

  async release(key: string, owner: string): Promise<void> {
    if (this.#current(key)?.owner === owner) this.#entries.delete(key)
  }

  #current(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.until > this.#clock.now() ? entry : undefined
  }

  #set(key: string, owner: string | undefined, ms: number): void {
    this.#entries.set(key, { owner, until: this.#clock.now() + ms })
    if (this.#entries.size < this.#nextSweep) return
    const now = this.#clock.now()
    for (const [other, { until }] of this.#entries) if (until <= now) this.#entries.delete(other)
    // Not again before as much has come as is left: each event pays for a bounded share of it.
    this.#nextSweep = Math.max(1_024, 2 * this.#entries.size)
  }
}
