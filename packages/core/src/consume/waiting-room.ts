import type { Clock } from '../util/clock.ts'
import type { Job } from './job.ts'

interface Waiting {
  readonly job: Job
  /** Epoch milliseconds. */
  readonly dueAt: number
  readonly due: (job: Job) => void
}

/** Jobs that may not be handled yet. They take no slot, and no job waits behind a longer one. */
export class WaitingRoom {
  readonly #clock: Clock
  /** What is due first is last; of those due at one time, what came first. */
  #waiting: Waiting[] = []
  #cancel: (() => void) | undefined
  #timerAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.length
  }

  count(matching: (job: Job) => boolean): number {
    let count = 0
    for (const { job } of this.#waiting) if (matching(job)) count++
    return count
  }

  /** Calls `due` when the time (epoch milliseconds) has come, unless the job is taken out before. */
  add(job: Job, dueAt: number, due: (job: Job) => void): void {
    let [low, high] = [0, this.#waiting.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#waiting[middle] as Waiting).dueAt > dueAt) low = middle + 1
      else high = middle
    }
    this.#waiting.splice(low, 0, { job, dueAt, due })
    this.#schedule()
  }

  /** Lets go of what is due by now: timers may be late, each by another while. */
  letGo(): void {
    const now = this.#clock.now()
    while ((this.#waiting.at(-1)?.dueAt ?? Number.POSITIVE_INFINITY) <= now) {
      const { job, due } = this.#waiting.pop() as Waiting
      due(job)
    }
    this.#schedule()
  }

  evict(leaves: (job: Job) => boolean = () => true): Job[] {
    const [gone, stay]: [Job[], Waiting[]] = [[], []]
    for (const waiting of this.#waiting) {
      if (leaves(waiting.job)) gone.push(waiting.job)
      else stay.push(waiting)
    }
    this.#waiting = stay
    this.#schedule()
    return gone.reverse()
  }

  #schedule(): void {
    const next = this.#waiting.at(-1)?.dueAt
    if (this.#cancel !== undefined) {
      if (next !== undefined && this.#timerAt <= next) return
      this.#cancel()
      this.#cancel = undefined
    }
    if (next === undefined) return
    this.#timerAt = next
    this.#cancel = this.#clock.timer(next - this.#clock.now(), () => {
      this.#cancel = undefined
      this.letGo()
    })
  }
}
