import { defaults } from '../defaults.ts'
import { sameCopy } from '../failure/copies.ts'
import { retryTopicOf } from '../spi/topics.ts'
import { header } from '../wire/headers.ts'
import type { FailureHost } from './failure-host.ts'
import type { Job } from './job.ts'
import type { Lanes } from './lanes.ts'
import type { Loans } from './loans.ts'
import { relocate } from './relocate.ts'
import { WaitingRoom } from './waiting-room.ts'

// How long one for which there is no room stays before it goes to the tail: nothing may go round without a pause.
const tailPauseMs = 1_000

/**
 * Jobs that came before their time. They wait beside the window. Where too many do, a group puts the next ones at the
 * tail of its retry topic, so that those due sooner come first; without a group no more is taken.
 */
export class EarlyArrivals {
  readonly #host: FailureHost
  readonly #loans: Loans
  readonly #lanes: Lanes
  readonly #waiting: WaitingRoom
  /** These count against the window. */
  readonly #surplus: WaitingRoom

  constructor(host: FailureHost, loans: Loans, lanes: Lanes) {
    this.#host = host
    this.#loans = loans
    this.#lanes = lanes
    this.#waiting = new WaitingRoom(host.clock)
    this.#surplus = new WaitingRoom(host.clock)
  }

  /** No more can be taken, whatever it is. */
  get stuck(): boolean {
    return this.#full && this.#host.policy.consumerGroup === undefined
  }

  /** How many of those on loan wait. */
  get parked(): number {
    return this.#surplus.size
  }

  /** How many wait that have been taken in before and failed. */
  get retries(): number {
    return this.#waiting.count((job) => job.delivery.message.topic !== this.#host.topic)
  }

  /** Takes the job in if it may not be handled yet. If it may, those that wait and are due by now go first. */
  takes(job: Job): boolean {
    const dueAt = dueAtOf(job)
    if (this.#isEarly(dueAt)) {
      this.#add(job, dueAt)
      return true
    }
    if (this.#waiting.size > 0) this.#waiting.letGo()
    return false
  }

  /** Takes out what leaves; all of it counts against the window then. */
  evict(leaves: (job: Job) => boolean): Job[] {
    const waiting = this.#waiting.evict(leaves)
    for (const job of waiting) this.#loans.add(job)
    return [...waiting, ...this.#surplus.evict(leaves)]
  }

  #isEarly(dueAt: number): boolean {
    return dueAt > 0 && dueAt > this.#host.clock.now()
  }

  #add(job: Job, dueAt: number): void {
    if (!this.#full || this.#host.policy.consumerGroup === undefined) {
      this.#waiting.add(job, dueAt, (due) => {
        this.#loans.add(due)
        this.#lanes.add(due)
      })
    } else {
      this.#loans.add(job)
      this.#surplus.add(job, Math.min(dueAt, this.#host.clock.now() + tailPauseMs), (later) => {
        if (this.#isEarly(dueAt)) void this.#toTail(later)
        else this.#lanes.add(later)
      })
    }
  }

  get #full(): boolean {
    return this.#waiting.size >= defaults.waitingRoom
  }

  async #toTail(job: Job): Promise<void> {
    const { deferrals, policy, topic } = this.#host
    const to = retryTopicOf(topic, policy.consumerGroup as string)
    this.#loans.begin(job)
    deferrals.add(to)
    const moved = await relocate(this.#host, job, sameCopy(job.delivery.message, to), 'putting off an event')
    if (moved) this.#host.done(job)
    else deferrals.remove(to)
  }
}

/** Epoch milliseconds before which it is not wanted; 0 if that was not said. */
function dueAtOf({ delivery: { message } }: Job): number {
  return message.notBefore ?? Number(message.headers[header.notBefore] ?? 0)
}
