import type { Clock } from '../util/clock.ts'
import type { Job } from './job.ts'

/** Jobs that may not be handled yet. They take no slot, and no job waits behind a longer one. */
export class WaitingRoom {
  readonly #clock: Clock
  readonly #waiting = new Map<Job, () => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  count(matching: (job: Job) => boolean): number {
    let count = 0
    for (const job of this.#waiting.keys()) if (matching(job)) count++
    return count
  }

  /** Calls `due` when the time has come, unless the job is taken out before. */
  add(job: Job, delayMs: number, due: (job: Job) => void): void {
    const cancel = this.#clock.timer(delayMs, () => {
      this.#waiting.delete(job)
      due(job)
    })
    this.#waiting.set(job, cancel)
  }

  evict(leaves: (job: Job) => boolean = () => true): Job[] {
    const gone: Job[] = []
    for (const [job, cancel] of this.#waiting) {
      if (!leaves(job)) continue
      cancel()
      this.#waiting.delete(job)
      gone.push(job)
    }
    return gone
  }
}
