import type { Clock } from '../../src/util/clock.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
  readonly background: boolean
}

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  /** What `random` gives. */
  chance = 0
  readonly #timers = new Set<Timer>()
  #now: number
  #uuids = 0

  constructor(now: number = 1_700_000_000_000) {
    this.#now = now
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** Milliseconds until each pending timer, soonest first. */
  get delays(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b)
  }

  now(): number {
    return this.#now
  }

  timer(ms: number, callback: () => void, background: boolean = false): () => void {
    const timer = { at: this.#now + ms, callback, background }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  random(): number {
    return this.chance
  }

  uuid(): string {
    return `uuid-${++this.#uuids}`
  }

  /** Fires, in order of time, everything due within `ms`; what that causes has had its turn when this resolves. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.breathe()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await this.breathe()
    }
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer
    return next
  }
}
