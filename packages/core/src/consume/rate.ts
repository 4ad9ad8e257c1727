import type { Clock } from '../util/clock.ts'

// What may be made up for at once: a tenth of a second's worth, and one event at least.
const burstShare = 0.1

/** A token bucket. */
export class Rate {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #most: number
  #tokens: number
  #at: number

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perMs = perSecond / 1_000
    this.#most = Math.max(1, perSecond * burstShare)
    this.#tokens = 1
    this.#at = clock.now()
  }

  /** 0: one was taken. Otherwise in how many milliseconds there will be one. */
  take(): number {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#most, this.#tokens + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
    if (this.#tokens < 1) return (1 - this.#tokens) / this.#perMs
    this.#tokens--
    return 0
  }

  giveBack(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + 1)
  }
}
