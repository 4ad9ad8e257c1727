import type { Clock } from './clock.ts'
import { wait } from './wait.ts'

// What was missed because a timer or the work itself came late is made up for, but not as a flood.
const catchUpMs = 100

/** So many per second, at an even pace. */
export class Pace {
  readonly #clock: Clock
  readonly #intervalMs: number
  #next: number | undefined

  /** @param perSecond Without it there is nothing to wait for. */
  constructor(clock: Clock, perSecond: number = Number.POSITIVE_INFINITY) {
    this.#clock = clock
    this.#intervalMs = 1_000 / perSecond
  }

  /** Resolves when the next `count` may go, or as soon as `signal` aborts. */
  async turn(count: number, signal: AbortSignal): Promise<void> {
    if (this.#intervalMs === 0) return
    const now = this.#clock.now()
    const at = this.#next === undefined ? now : Math.max(now - catchUpMs, this.#next)
    this.#next = at + count * this.#intervalMs
    if (at > now) await wait(this.#clock, at - now, signal)
  }
}
