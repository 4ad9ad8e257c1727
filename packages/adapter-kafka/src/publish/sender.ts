import type { Stored } from '@bus/core/spi'
import type { Driver, Link, PartitionResult } from '../driver/driver.ts'
import { codeOf, DriverError, isTransient, isTransientCode } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import { pause } from '../pause.ts'
import type { Settings } from '../settings.ts'
import type { Batch, PartitionQueue } from './partition-queue.ts'
import { Sessions } from './session.ts'

const maxRequestBytes = 8 * 1024 * 1024

/** What the sender tells its publisher. */
export interface Outcome {
  stored(batch: Batch): void
  failed(batch: Batch, stored: Stored, cause: unknown): void
  /** The leader of this queue's partition has to be asked for. */
  lost(queue: PartitionQueue): void
}

/** Sends what is ready: one request at a time to each node, so that batches gather while one is under way. */
export class Sender {
  readonly #settings: Settings
  readonly #outcome: Outcome
  readonly #sessions: Sessions
  readonly #ready = new Set<PartitionQueue>()
  readonly #busy = new Set<number>()
  readonly #stop = new AbortController()
  readonly #link: Link
  #woken = false

  constructor(driver: Driver, settings: Settings, outcome: Outcome) {
    this.#settings = settings
    this.#outcome = outcome
    this.#sessions = new Sessions(settings.idempotent)
    this.#link = driver.open()
  }

  connect(): Promise<void> {
    return this.#link.connect()
  }

  /** There is something to send; what else this tick publishes travels along. */
  wake(queue: PartitionQueue): void {
    this.#ready.add(queue)
    if (this.#woken) return
    this.#woken = true
    queueMicrotask(() => {
      this.#woken = false
      for (const { leader } of this.#ready) {
        if (leader < 0 || this.#busy.has(leader)) continue
        this.#busy.add(leader)
        void this.#serve(leader)
      }
    })
  }

  /** The batch is settled for its callers. If it is under way, its answer is not waited for. */
  abandon(batch: Batch): void {
    batch.over = true
    batch.queue.batch = undefined
    if (batch.doubtful || batch.inFlight) this.#sessions.end(batch.session)
    // Nothing is to wait behind an answer that does not come.
    if (batch.inFlight) this.#link.reset()
  }

  close(): void {
    this.#stop.abort()
    this.#link.close()
  }

  async #serve(node: number): Promise<void> {
    let failures = 0
    try {
      while (!this.#stop.signal.aborted) {
        if (this.#nothingFor(node)) return
        const problem = await this.#sendTo(node)
        failures = problem ? failures + 1 : 0
        if (problem) await pause(Math.min(500, 25 * 2 ** failures), this.#stop.signal)
      }
    } finally {
      this.#busy.delete(node)
    }
  }

  #nothingFor(node: number): boolean {
    for (const queue of this.#ready) {
      if (queue.empty) this.#ready.delete(queue)
      else if (queue.leader === node) return false
    }
    return true
  }

  /** Whether something went wrong that may pass. */
  async #sendTo(node: number): Promise<boolean> {
    const link = this.#link
    let batches: readonly Batch[] = []
    try {
      const session = this.#sessions.ready ? this.#sessions.peek() : await this.#sessions.current(link)
      batches = this.#pick(node, session)
      if (batches.length === 0) return true // its batch is still on its way to the leader before this one
      for (const batch of batches) batch.inFlight = true
      const results = await link.produce(
        node,
        batches.map(({ outgoing }) => outgoing),
        {
          identity: batches[0]?.session?.identity,
          timeoutMs: this.#answerMs,
          compression: this.#settings.compression,
        },
      )
      return this.#judge(batches, results)
    } catch (error) {
      return batches.length === 0 ? this.#refused(node, error) : this.#unanswered(batches, error)
    } finally {
      for (const batch of batches) batch.inFlight = false
    }
  }

  /** What can be sent again is, while there is time: an answer may be lost for good. */
  get #answerMs(): number {
    const { requestTimeout, publishTimeoutMs } = this.#settings
    return Math.min(requestTimeout, this.#sessions.idempotent ? Math.ceil(publishTimeoutMs / 2) : publishTimeoutMs)
  }

  /** Batches of one session only: a request names one. Those that were sent before come with theirs. */
  #pick(node: number, current: Batch['session']): readonly Batch[] {
    const batches: Batch[] = []
    let bytes = 0
    for (const queue of this.#ready) {
      if (queue.leader !== node) continue
      const first = batches[0]
      if (queue.batch === undefined && first !== undefined && first.session !== current) continue
      const batch = queue.prepare(current)
      if (batch === undefined || batch.inFlight || (first !== undefined && batch.session !== first.session)) continue
      batches.push(batch)
      for (const pending of batch.pending) bytes += pending.bytes
      if (bytes >= maxRequestBytes) break
    }
    // Those that found no room this time come first the next time.
    for (const { queue } of batches) {
      this.#ready.delete(queue)
      this.#ready.add(queue)
    }
    return batches
  }

  /** No connection, or no identity: nothing was sent. */
  #refused(node: number, error: unknown): boolean {
    for (const queue of this.#ready) {
      if (queue.leader !== node) continue
      queue.problem = error
      if (isTransient(error) || codeOf(error) === 'CLOSED') this.#outcome.lost(queue)
      else {
        const batch = queue.prepare(undefined)
        // What is under way to the leader before this one has an answer to come.
        if (batch !== undefined && !batch.inFlight) this.#fail(batch, error)
      }
    }
    return true
  }

  #unanswered(batches: readonly Batch[], error: unknown): boolean {
    const sent = !(error instanceof DriverError) || error.sent
    for (const batch of batches) {
      if (batch.over) continue
      batch.doubtful ||= sent
      batch.queue.problem = error
      if (!isTransient(error) || this.#wouldStoreTwice(batch)) this.#fail(batch, error)
      if (isTransient(error)) this.#outcome.lost(batch.queue)
    }
    return true
  }

  #judge(batches: readonly Batch[], results: readonly PartitionResult[]): boolean {
    const byPlace = new Map(results.map((result) => [`${result.topic}/${result.partition}`, result]))
    let problem = false
    for (const batch of batches) {
      if (batch.over) continue
      const result = byPlace.get(`${batch.outgoing.topic}/${batch.outgoing.partition}`)
      // The second: stored so long ago that the broker does not remember where.
      if (result?.error === undefined || result.error === 'DUPLICATE_SEQUENCE_NUMBER') {
        if (result === undefined) problem = this.#unanswered([batch], new DriverError('TIMEOUT', 'no answer', true))
        else {
          batch.queue.advance(batch)
          this.#outcome.stored(batch)
        }
      } else {
        problem = true
        this.#refusedBy(batch, result.error)
      }
    }
    return problem
  }

  #refusedBy(batch: Batch, code: string): void {
    const { queue } = batch
    const error = refusal(batch, code)
    queue.problem = error
    // A leader that waits for its followers answers with nearly any error, long after it has appended the batch.
    if (!neverStored.has(code) && !sessionIsLost.has(code)) batch.doubtful = true
    if (sessionIsLost.has(code) && !batch.doubtful) {
      this.#sessions.end(batch.session)
      batch.queue.takeBack(batch, false)
    } else if (isTransientCode(code)) {
      if (this.#wouldStoreTwice(batch)) this.#fail(batch, error)
      this.#outcome.lost(queue)
    } else if (tooLarge.has(code) && batch.pending.length > 1 && !batch.doubtful) {
      batch.queue.takeBack(batch, true)
    } else {
      this.#fail(batch, error)
    }
  }

  /** It may be stored, and the broker would not recognise it. */
  #wouldStoreTwice(batch: Batch): boolean {
    return batch.doubtful && batch.session === undefined
  }

  #fail(batch: Batch, error: unknown): void {
    batch.over = true
    batch.queue.batch = undefined
    if (batch.doubtful) this.#sessions.end(batch.session)
    this.#outcome.failed(batch, batch.doubtful ? 'unknown' : 'no', error)
  }
}

function refusal({ queue, pending, doubtful }: Batch, code: string): DriverError {
  const why =
    tooLarge.has(code) && pending.length === 1 && !doubtful
      ? `${code}: a message of ${pending[0]?.bytes} bytes is more than the topic takes (its max.message.bytes, else the ` +
        "broker's message.max.bytes, 1 MiB unless set); raise that, or store the content elsewhere and publish a reference"
      : explained(code, { operation: 'Write', topic: queue.name })
  return new DriverError(code, `Kafka refused a batch for "${queue.topic}": ${why}`, true)
}

const tooLarge: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
const sessionIsLost: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
])
/**
 * What a leader checks before it appends. Every other error may come after that.
 * https://github.com/apache/kafka/blob/4.1.0/core/src/main/scala/kafka/server/ReplicaManager.scala
 */
const neverStored: ReadonlySet<string> = new Set([
  ...tooLarge,
  'CORRUPT_MESSAGE',
  'INVALID_TOPIC_EXCEPTION',
  'NOT_ENOUGH_REPLICAS',
  'INVALID_REQUIRED_ACKS',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'INVALID_RECORD',
])
