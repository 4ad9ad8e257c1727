import { defaults } from '../defaults.ts'
import type { Clock } from '../util/clock.ts'

// The pace is taken of about so many events; then so many pass without a look at the clock.
const sample = 16
// What a sample of fewer counts at least.
const leastWeight = 1 / 4
// One quick event says little of the next: the reserve gets larger step by step.
const growth = 4

/**
 * How many events a subscription has beyond those that it handles: what it will begin within `prefetchMs`, at the pace of
 * late. So long an event may wait in hand although another member of the group could begin it at once. None at first; it
 * grows with every sample as long as the pace is good for more, and shrinks when it is not.
 */
export class Reserve {
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #most: number
  #size = 0
  /** Since then there was something to do all the time; `undefined`: the pace is not being taken. */
  #since: number | undefined
  #ended = 0
  /** Milliseconds from the end of one event to the end of the next: of late, and of the last sample alone. */
  #eventMs = Number.POSITIVE_INFINITY
  #lastMs = Number.POSITIVE_INFINITY
  /** How many more may end before the pace is taken again. */
  #passing = 0

  constructor(clock: Clock, concurrency: number, most: number) {
    this.#clock = clock
    this.#concurrency = concurrency
    this.#most = most
  }

  /** How many more may be taken while `ready` run or wait for nothing but a slot; 0 until half of the reserve is used up. */
  room(ready: number): number {
    const free = this.#concurrency + this.#size - ready
    return free > 0 && free * 2 >= this.#size ? free : 0
  }

  /** There is something to do. */
  taken(): void {
    if (this.#since === undefined && this.#passing <= 0) this.#begin()
  }

  /** A start came to its end, well or not; `ready` still run or wait for nothing but a slot. */
  ended(ready: number): void {
    this.#ended++
    if (this.#since === undefined) {
      if (--this.#passing <= 0 && ready > 0) this.#begin()
    } else if (ready === 0 || this.#ended >= Math.max(sample, this.#concurrency)) {
      this.#adapt(Math.max(0, this.#clock.now() - this.#since) / this.#ended)
    }
  }

  #begin(): void {
    this.#since = this.#clock.now()
    this.#ended = 0
  }

  #adapt(eventMs: number): void {
    // One that is slow by itself may be a stall of the machine.
    const likely = Math.min(eventMs, this.#lastMs)
    const weight = Math.max(leastWeight, Math.min(1, this.#ended / sample))
    this.#eventMs = Number.isFinite(this.#eventMs) ? this.#eventMs + (likely - this.#eventMs) * weight : likely
    this.#lastMs = eventMs
    this.#size = Math.min(
      Math.round(defaults.prefetchMs / this.#eventMs),
      Math.max(this.#concurrency, growth * (this.#size + 1)),
      this.#most,
    )
    this.#passing = Math.min(this.#size >> 1, sample)
    this.#since = undefined
  }
}
