import { systemClock } from '../../src/util/clock.ts'
import assert from 'node:assert/strict'
import type { Job } from '../../src/consume/job.ts'
import { Lanes } from '../../src/consume/lanes.ts'
import { Slots } from '../../src/consume/slots.ts'
import { jobOf } from './jobs.ts'

/** Lanes that share slots, with handlers that end when they are told to, and a watch over what must hold. */
export class Workshop {
  readonly lanes: Lanes[]
  readonly running: Job[] = []
  /** Ended, but their keys are not free: they will be started again. */
  readonly held: Job[] = []
  readonly started: Job[] = []
  readonly evicted: Job[] = []
  readonly added: Job[] = []
  readonly #home = new Map<Job, number>()
  readonly #keyOf = new Map<Job, string | undefined>()
  readonly #ends = new Map<Job, () => void>()
  readonly #concurrency: number

  constructor(concurrency: number, count: number = 1) {
    this.#concurrency = concurrency
    const slots = new Slots(systemClock, concurrency)
    this.lanes = Array.from({ length: count }, () => new Lanes(slots, (job) => this.#start(job)))
  }

  add(key: string | undefined, home: number = 0): Job {
    const job = jobOf({ key, position: String(this.added.length) })
    this.added.push(job)
    this.#home.set(job, home)
    this.#keyOf.set(job, key)
    this.#lanesOf(job).add(job)
    return job
  }

  /** As a handler that returned. */
  async end(job: Job): Promise<void> {
    this.#stops(job)
    this.#lanesOf(job).leave(job)
    await this.#returns(job)
  }

  /** As a handler that failed: its key stays taken. */
  async hold(job: Job): Promise<void> {
    this.#stops(job)
    this.held.push(job)
    await this.#returns(job)
  }

  resume(job: Job): void {
    this.held.splice(this.held.indexOf(job), 1)
    this.#lanesOf(job).resume(job)
  }

  evict(home: number, leaves: (job: Job) => boolean): Job[] {
    const gone = this.lanes[home]?.evict(leaves) ?? []
    this.evicted.push(...gone)
    return gone
  }

  /** Lets everything end. */
  async finish(): Promise<void> {
    for (;;) {
      while (this.held.length > 0) this.resume(this.held[0] as Job)
      const [job] = this.running
      if (job === undefined) return
      await this.end(job)
    }
  }

  /** Of what was started, first starts only, the positions of a key. */
  startsOf(key: string, home: number): number[] {
    const jobs = this.started.filter((job) => this.#keyOf.get(job) === key && this.#home.get(job) === home)
    return [...new Set(jobs)].map(position)
  }

  #start(job: Job): Promise<void> {
    const key = this.#keyOf.get(job)
    const rival = [...this.running, ...this.held].find(
      (other) => key !== undefined && this.#keyOf.get(other) === key && this.#home.get(other) === this.#home.get(job),
    )
    assert.equal(rival, undefined, 'another one of its key has not ended')
    this.running.push(job)
    this.started.push(job)
    assert.ok(this.running.length <= this.#concurrency, `${this.running.length} at once`)
    return new Promise((resolve) => this.#ends.set(job, resolve))
  }

  #stops(job: Job): void {
    this.running.splice(this.running.indexOf(job), 1)
  }

  async #returns(job: Job): Promise<void> {
    this.#ends.get(job)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }

  #lanesOf(job: Job): Lanes {
    return this.lanes[this.#home.get(job) ?? 0] as Lanes
  }
}

export function position(job: Job): number {
  return Number(job.delivery.message.position)
}
