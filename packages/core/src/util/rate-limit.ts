import type { Clock } from './clock.ts'

/** Lets one message of a kind pass per second and says how many it held back. */
export class RateLimit {
  readonly #clock: Clock
  readonly #seen = new Map<string, { at: number; suppressed: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `undefined`: not now. Otherwise how many of this kind were held back since the last one. */
  pass(kind: string): number | undefined {
    const now = this.#clock.now()
    const last = this.#seen.get(kind)
    if (last !== undefined && now - last.at < 1000) {
      last.suppressed++
      return undefined
    }
    if (this.#seen.size >= 1000) this.#seen.clear()
    this.#seen.set(kind, { at: now, suppressed: 0 })
    return last?.suppressed ?? 0
  }
}
