import { defaults } from '../defaults.ts'
import type { Clock } from '../util/clock.ts'
import type { Job } from './job.ts'
import { Reserve } from './reserve.ts'
import type { SubscriptionPolicy } from './subscription-policy.ts'

// Over about how many the average of sizes is taken.
const remembered = 16

/** What a subscription has on loan: how much more fits, and what is at work. */
export class Loans {
  readonly #prefetch: number
  readonly #reserve: Reserve
  readonly #parked: () => number
  readonly #active = new Set<Job>()
  #listeners: (() => void)[] = []
  #open = 0
  #bytes = 0
  /** Bytes of one, as seen lately: known also when nothing is on loan. */
  #average = 0

  /** `parked` of them wait for more than a slot: they keep no others from being handled. */
  constructor(
    clock: Clock,
    { prefetch, concurrency }: Pick<SubscriptionPolicy, 'prefetch' | 'concurrency'>,
    parked: () => number,
  ) {
    this.#prefetch = prefetch
    this.#parked = parked
    this.#reserve = new Reserve(clock, concurrency, prefetch)
  }

  get open(): number {
    return this.#open
  }

  /** 0 until half of the window is free: one pull for many events instead of one for each. */
  get room(): number {
    const window = this.#window
    const free = Math.min(window - this.#open, this.#fitting)
    return free * 2 >= window ? Math.min(free, this.#reserve.room(this.#ready)) : 0
  }

  get #ready(): number {
    return this.#open - this.#parked()
  }

  /** How many of the size seen lately the limit of bytes allows; one always, or nothing would move. */
  get #window(): number {
    if (this.#average === 0) return this.#prefetch
    return Math.max(1, Math.min(this.#prefetch, Math.floor(defaults.prefetchBytes / this.#average)))
  }

  /** How many more of them. */
  get #fitting(): number {
    if (this.#average === 0 || this.#open === 0) return this.#prefetch
    return Math.floor((defaults.prefetchBytes - this.#bytes) / this.#average)
  }

  add(job: Job): void {
    const size = sizeOf(job)
    this.#open++
    this.#bytes += size
    this.#reserve.taken()
    this.#average = this.#average === 0 ? size : this.#average + (size - this.#average) / remembered
  }

  /** One was handled, or failed and has its place where it waits. */
  ended(): void {
    this.#reserve.ended(this.#ready)
  }

  /** From now on it takes time: a handler runs, a copy is being stored. */
  begin(job: Job): void {
    this.#active.add(job)
  }

  /** It waits, and could be given back at once. */
  rest(job: Job): void {
    if (this.#active.delete(job)) this.#tell()
  }

  remove(job: Job): void {
    this.#open--
    this.#bytes -= sizeOf(job)
    this.rest(job)
  }

  active(matching: (job: Job) => boolean): Job[] {
    return [...this.#active].filter(matching)
  }

  /** Resolves when nothing that matches is at work any more, or when `signal` aborts. */
  async quiet(matching: (job: Job) => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.active(matching).length > 0) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#listeners.push(done)
        signal.addEventListener('abort', done, { once: true })
      })
    }
  }

  #tell(): void {
    if (this.#listeners.length === 0) return
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

/** What never left this process costs nothing more to hold. */
function sizeOf({ delivery: { message } }: Job): number {
  return message.origin === undefined ? message.body.length : 0
}
