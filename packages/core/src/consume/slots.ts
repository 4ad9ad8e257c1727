import type { Clock } from '../util/clock.ts'
import { Rate } from './rate.ts'

/** How many handlers may start: at once, and per second if that is limited. Shared by all topics of one subscription. */
export class Slots {
  readonly #clock: Clock
  readonly #rate: Rate | undefined
  #free: number
  /** How many more may start until somebody says otherwise. */
  #allowed = Number.POSITIVE_INFINITY
  #waiting: (() => void)[] = []
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, concurrency: number, perSecond?: number) {
    this.#clock = clock
    this.#free = concurrency
    this.#rate = perSecond === undefined ? undefined : new Rate(clock, perSecond)
  }

  take(): boolean {
    if (!this.#open) return false
    const waitMs = this.#rate?.take() ?? 0
    if (waitMs > 0) {
      this.#cancelTimer = this.#clock.timer(waitMs, () => {
        this.#cancelTimer = undefined
        this.#offer()
      })
      return false
    }
    this.#free--
    this.#allowed--
    return true
  }

  give(): void {
    this.#free++
    this.#offer()
  }

  /** The slot that was taken last turned out to be for nothing that counts as a start. */
  unused(): void {
    this.#rate?.giveBack()
  }

  /** From now on so many may start, and then none, until it is called again. */
  allow(count: number): void {
    this.#allowed = count
    this.#offer()
  }

  /** Calls back once, when a slot is free. */
  onFree(callback: () => void): void {
    this.#waiting.push(callback)
  }

  close(): void {
    this.#allowed = 0
    this.#cancelTimer?.()
  }

  get #open(): boolean {
    return this.#free > 0 && this.#allowed > 0 && this.#cancelTimer === undefined
  }

  #offer(): void {
    // Whoever is told may need it no more: then the next one is.
    while (this.#open && this.#waiting.length > 0) this.#waiting.shift()?.()
  }
}
