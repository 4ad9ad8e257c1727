import type { Clock } from '../util/clock.ts'

/** Asks at most once at a time, and not again for a while: many who ask cost no more than one. */
export class SharedAnswer<Answer> {
  readonly #ask: () => Promise<Answer>
  readonly #clock: Pick<Clock, 'now'>
  readonly #keepMs: number
  #answer: Promise<Answer> | undefined
  /** Infinity while it is under way. */
  #until = 0

  constructor(ask: () => Promise<Answer>, clock: Pick<Clock, 'now'>, keepMs: number) {
    this.#ask = ask
    this.#clock = clock
    this.#keepMs = keepMs
  }

  get(): Promise<Answer> {
    if (this.#answer !== undefined && this.#clock.now() < this.#until) return this.#answer
    this.#until = Number.POSITIVE_INFINITY
    this.#answer = this.#ask().finally(() => (this.#until = this.#clock.now() + this.#keepMs))
    return this.#answer
  }
}
