import type { Leaders } from '../topics/topics.ts'
import type { Pending } from './call.ts'
import { PartitionQueue } from './partition-queue.ts'
import { partitionOf } from './partitioner.ts'

/** After so many messages without a key another partition gets its turn. */
const stickyMessages = 500
/** Or after a pause that long: what was sent before it is stored by then, so that its time is smaller. */
const stickyPauseMs = 2

/** How soon partitions that were added are seen. */
const maxAgeMs = 10_000

/** The messages for one topic. The partition of each is chosen once, here, and never again. */
export class TopicQueue {
  readonly name: string
  readonly topic: string
  /** Whether the topic is to be created with the longer retention. */
  readonly kept: boolean
  /** When to look at the topic again. */
  staleAt = 0
  /** What went wrong last, since the topic was found. */
  problem: unknown
  readonly #partitions: PartitionQueue[] = []
  #waiting: Pending[] = []
  #known = 0
  #sticky = 0
  #stuck = 0
  #active = 0

  constructor(name: string, topic: string, kept: boolean) {
    this.name = name
    this.topic = topic
    this.kept = kept
    this.#sticky = Math.floor(Math.random() * 1000)
  }

  /** Whether messages wait for the topic to be found. */
  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  get partitions(): readonly PartitionQueue[] {
    return this.#partitions
  }

  /** The queue it went to; `undefined` if it has to wait. */
  push(pending: Pending, now: number): PartitionQueue | undefined {
    if (this.#known === 0 || this.#waiting.length > 0) {
      this.#waiting.push(pending)
      return undefined
    }
    const { key } = pending.record
    const queue = this.#partitions[key === null ? this.#spread(now) : partitionOf(key, this.#known)] as PartitionQueue
    queue.push(pending)
    return queue
  }

  /** What is known of the topic now; returns the queues that got what had been waiting. */
  learn(leaders: Leaders): readonly PartitionQueue[] {
    const now = Date.now()
    this.staleAt = now + maxAgeMs
    this.problem = undefined
    this.#known = leaders.length
    for (let partition = 0; partition < Math.max(leaders.length, this.#partitions.length); partition++) {
      const leader = leaders[partition] ?? -1
      const queue = this.#partitions[partition]
      if (queue === undefined) this.#partitions.push(new PartitionQueue(this.name, this.topic, partition, leader))
      else queue.leader = leader
    }
    // The topic was deleted and made again with fewer.
    for (const gone of this.#partitions.slice(leaders.length)) this.#waiting = [...gone.drain(), ...this.#waiting]
    const waiting = this.#waiting
    this.#waiting = []
    return [...new Set(waiting.map((pending) => this.push(pending, now) as PartitionQueue))]
  }

  /** Its leaders have to be asked for. */
  forget(): void {
    for (const queue of this.#partitions) queue.leader = -1
  }

  expired(now: number): readonly Pending[] {
    const late = this.#waiting.filter(({ deadline }) => deadline <= now)
    if (late.length > 0) this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now)
    return late
  }

  /** Everything that waits for the topic to be found. */
  drain(): readonly Pending[] {
    const all = this.#waiting
    this.#waiting = []
    return all
  }

  settled(now: number): void {
    this.#active = now
  }

  /** Messages of one moment stay together: fewer and larger batches, and their order, if only one process publishes. */
  #spread(now: number): number {
    if (++this.#stuck > stickyMessages || now - this.#active > stickyPauseMs) {
      this.#stuck = 1
      this.#sticky++
    }
    this.#active = now
    const { length } = this.#partitions
    for (let tries = 0; tries < this.#known; tries++) {
      const partition = (this.#sticky + tries) % this.#known
      if (partition < length && (this.#partitions[partition] as PartitionQueue).leader >= 0) return partition
    }
    return this.#sticky % this.#known
  }
}
