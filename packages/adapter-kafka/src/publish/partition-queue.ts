import type { OutgoingBatch, OutgoingRecord } from '../driver/driver.ts'
import type { Pending } from './call.ts'
import type { Session } from './session.ts'

// More would be slow without end in sight, and near the broker's default limit of 1 MiB for a batch.
const maxMessages = 500
const maxBytes = 900_000

/** What is sent to one partition at once, and again in the same form until there is an answer. */
export class Batch {
  readonly queue: PartitionQueue
  readonly pending: readonly Pending[]
  readonly session: Session | undefined
  readonly outgoing: OutgoingBatch
  /** It may be stored already. */
  doubtful = false
  inFlight = false
  /** Its callers have been told; a late answer changes nothing. */
  over = false

  constructor(queue: PartitionQueue, pending: readonly Pending[], session: Session | undefined, firstSequence: number) {
    this.queue = queue
    this.pending = pending
    this.session = session
    const records: OutgoingRecord[] = []
    for (const { record } of pending) records.push(record)
    this.outgoing = { topic: queue.name, partition: queue.partition, firstSequence, records }
  }
}

/** First in, first out; one batch on its way at a time. */
export class PartitionQueue {
  /** As the cluster calls the topic. */
  readonly name: string
  readonly topic: string
  readonly partition: number
  leader: number
  batch: Batch | undefined
  /** What went wrong last, since something was stored. */
  problem: unknown
  #pending: Pending[] = []
  #max = maxMessages
  #session: Session | undefined
  #sequence = 0

  constructor(name: string, topic: string, partition: number, leader: number) {
    this.name = name
    this.topic = topic
    this.partition = partition
    this.leader = leader
  }

  get length(): number {
    return this.#pending.length
  }

  get empty(): boolean {
    return this.batch === undefined && this.#pending.length === 0
  }

  push(pending: Pending): void {
    this.#pending.push(pending)
  }

  /** The batch to send, if there is one: the same as before while it is unsettled. */
  prepare(session: Session | undefined): Batch | undefined {
    if (this.batch !== undefined || this.#pending.length === 0) return this.batch
    if (session !== this.#session) {
      this.#session = session
      this.#sequence = 0
    }
    return (this.batch = new Batch(this, this.#take(), session, this.#sequence))
  }

  /** Stored: the broker expects the next number in this session. */
  advance(batch: Batch): void {
    this.#max = maxMessages
    this.problem = undefined
    const next = batch.outgoing.firstSequence + batch.pending.length
    // https://github.com/apache/kafka/blob/4.1.0/clients/src/main/java/org/apache/kafka/common/record/DefaultRecordBatch.java
    this.#sequence = next > 0x7fffffff ? next - 0x80000000 : next
    this.batch = undefined
  }

  /** Surely not stored: its messages go to the front again, the next batch is smaller if `split`. */
  takeBack(batch: Batch, split: boolean): void {
    if (split) this.#max = Math.ceil(batch.pending.length / 2)
    this.#pending = [...batch.pending, ...this.#pending]
    this.batch = undefined
  }

  /** What came before `now` had to be settled by then. */
  expired(now: number): readonly Pending[] {
    let count = 0
    while (count < this.#pending.length && (this.#pending[count] as Pending).deadline <= now) count++
    return count === 0 ? [] : this.#pending.splice(0, count)
  }

  /** Everything that was never sent. */
  drain(): readonly Pending[] {
    const all = this.#pending
    this.#pending = []
    return all
  }

  #take(): readonly Pending[] {
    let bytes = 0
    let count = 0
    for (const pending of this.#pending) {
      bytes += pending.bytes
      if (count > 0 && (count >= this.#max || bytes > maxBytes)) break
      count++
    }
    if (count === this.#pending.length) return this.drain()
    return this.#pending.splice(0, count)
  }
}
