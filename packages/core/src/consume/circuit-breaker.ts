import { NonRetryableError } from '../failure/signals.ts'
import type { Clock } from '../util/clock.ts'
import type { CircuitState } from './hooks.ts'
import type { Slots } from './slots.ts'
import { Unhandleable } from './unhandleable.ts'

export interface CircuitBreakerOptions {
  /** Failures in a row after which the subscription pauses; default 5. */
  readonly failures?: number | undefined
  /** Milliseconds until one event is tried; default 30,000. */
  readonly resetMs?: number | undefined
}

/** With nothing left open. */
export interface CircuitBreakerPolicy {
  readonly failures: number
  readonly resetMs: number
}

/**
 * Where one failure follows another it is not the events that are to blame: nothing is started for a while, then one
 * event at a time until one succeeds. What fails meanwhile is not charged for it.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #failures: number
  readonly #resetMs: number
  readonly #slots: Slots
  readonly #changed: (state: CircuitState, error?: unknown) => void
  #state: CircuitState = 'closed'
  #inARow = 0
  #cancelTimer: () => void = () => {}
  #over = false
  /** What is tried while half-open. Handlers from before, that are still at work then, decide nothing. */
  #tried: object | undefined

  constructor(
    clock: Clock,
    { failures, resetMs }: CircuitBreakerPolicy,
    slots: Slots,
    changed: (state: CircuitState, error?: unknown) => void,
  ) {
    this.#clock = clock
    this.#failures = failures
    this.#resetMs = resetMs
    this.#slots = slots
    this.#changed = changed
  }

  get state(): CircuitState {
    return this.#state
  }

  /** `job` starts; what its start comes to is told with one of the calls below. */
  begin(job: object): void {
    if (this.#state === 'half-open') this.#tried = job
  }

  /** For how many milliseconds the event waits, at no charge; `undefined`: the failure counts as any other. */
  failed(job: object, error: unknown): number | undefined {
    // The event is to blame.
    if (error instanceof Unhandleable || NonRetryableError.is(error)) {
      this.unused(job)
      return undefined
    }
    if (this.#state === 'closed') {
      if (++this.#inARow >= this.#failures) this.#open(error)
      return undefined
    }
    if (this.#ends(job)) this.#open(error)
    return this.#resetMs
  }

  succeeded(job: object): void {
    this.#inARow = 0
    if (!this.#ends(job)) return
    this.#set('closed')
    this.#slots.allow(Number.POSITIVE_INFINITY)
  }

  /** What was started proves nothing. */
  unused(job: object): void {
    if (this.#ends(job)) this.#slots.allow(1)
  }

  close(): void {
    this.#over = true
    this.#cancelTimer()
  }

  /** Whether what is tried has ended with `job`. */
  #ends(job: object): boolean {
    if (this.#tried !== job) return false
    this.#tried = undefined
    return true
  }

  #open(error: unknown): void {
    if (this.#over) return
    this.#slots.allow(0)
    this.#set('open', error)
    this.#cancelTimer = this.#clock.timer(this.#resetMs, () => {
      this.#set('half-open')
      this.#slots.allow(1)
    })
  }

  #set(state: CircuitState, error?: unknown): void {
    this.#state = state
    this.#changed(state, error)
  }
}
