import { TimeoutError } from '../errors.ts'
import type { Clock } from '../util/clock.ts'

// A backend that does not let go is left behind this long after the deadline.
const letGoMs = 5_000

/** Until when an end may take. Whoever asks for the same end with less time moves it forward. */
export class Deadline {
  /** Resolves, with the time it took, when nothing is waited for any more. */
  readonly passed: Promise<number>
  readonly #clock: Clock
  readonly #abort = new AbortController()
  #pass!: (afterMs: number) => void
  readonly #cancels: (() => void)[] = []

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.passed = new Promise((resolve) => (this.#pass = resolve))
    this.hurry(timeoutMs)
  }

  /** Aborts when what runs is waited for no longer. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  hurry(timeoutMs: number): void {
    // Which one comes first is left to the timers: a clock that was set meanwhile would deceive.
    this.#cancels.push(
      this.#clock.timer(timeoutMs, () => this.#abort.abort(new TimeoutError('Closing', timeoutMs))),
      this.#clock.timer(timeoutMs + letGoMs, () => this.#pass(timeoutMs + letGoMs)),
    )
  }

  cancel(): void {
    for (const cancel of this.#cancels) cancel()
  }
}
