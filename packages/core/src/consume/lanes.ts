import { Queue } from '../util/queue.ts'
import type { Job } from './job.ts'
import type { Slots } from './slots.ts'

/** One key: the job that has it, and those behind. */
interface Lane {
  holder: Job
  readonly behind: Queue<Job>
}

/**
 * As many jobs at once as there are slots, and of each key one at a time, in the order they came.
 * A slot is taken while `start` runs; a key from `add` until `leave`.
 */
export class Lanes {
  readonly #slots: Slots
  readonly #start: (job: Job) => void | Promise<void>
  readonly #ready = new Queue<Job>()
  readonly #lanes = new Map<string, Lane>()
  #behind = 0
  #starting = false
  #waiting = false
  #closed = false

  constructor(slots: Slots, start: (job: Job) => void | Promise<void>) {
    this.#slots = slots
    this.#start = start
  }

  /** How many wait behind others of their key. */
  get behind(): number {
    return this.#behind
  }

  add(job: Job): void {
    if (job.key !== undefined) {
      const lane = this.#lanes.get(job.key)
      if (lane !== undefined) {
        this.#behind++
        return lane.behind.push(job)
      }
      this.#lanes.set(job.key, { holder: job, behind: new Queue() })
    }
    this.resume(job)
  }

  /** Starts a job, as soon as a slot is free, that has its key already or needs none. */
  resume(job: Job): void {
    this.#ready.push(job)
    this.#startReady()
  }

  /** The key is free for the next in line. A no-op for a job that does not have its key: it was evicted or never came in. */
  leave(job: Job): void {
    const { key } = job
    if (key === undefined) return
    const lane = this.#lanes.get(key)
    if (lane?.holder !== job) return
    job.key = undefined
    const next = lane.behind.shift()
    if (next === undefined) {
      this.#lanes.delete(key)
    } else {
      this.#behind--
      lane.holder = next
      this.resume(next)
    }
  }

  /** Takes out what was not started. */
  evict(leaves: (job: Job) => boolean = () => true): Job[] {
    const behind = [...this.#lanes.values()].flatMap((lane) => lane.behind.extract(leaves))
    this.#behind -= behind.length
    const first = this.#ready.extract(leaves)
    for (const job of first) this.leave(job)
    return [...first, ...behind]
  }

  /** Nothing is started any more. */
  close(): void {
    this.#closed = true
  }

  #startReady(): void {
    if (this.#starting) return
    this.#starting = true
    while (this.#ready.size > 0 && !this.#closed && this.#takeSlot()) {
      const work = this.#start(this.#ready.shift() as Job)
      if (work === undefined) this.#slots.give()
      else void work.then(this.#freeSlot, this.#freeSlot)
    }
    this.#starting = false
  }

  #takeSlot(): boolean {
    if (this.#slots.take()) return true
    if (!this.#waiting) {
      this.#waiting = true
      this.#slots.onFree(() => {
        this.#waiting = false
        this.#startReady()
      })
    }
    return false
  }

  readonly #freeSlot = (): void => {
    this.#slots.give()
    this.#startReady()
  }
}
