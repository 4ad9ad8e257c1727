import { ClosedError, type Message, parentTopicOf, PublishBacklog, type Stored } from '@bus/core/spi'
import type { Driver, OutgoingRecord } from '../driver/driver.ts'
import { DriverError, isTransient } from '../driver/driver-error.ts'
import { late } from '../errors.ts'
import { keyBytes } from '../keys.ts'
import type { Names } from '../names.ts'
import { pause } from '../pause.ts'
import type { Settings } from '../settings.ts'
import type { Topics } from '../topics/topics.ts'
import { Call, type Pending } from './call.ts'
import { notBeforeHeader } from '../headers.ts'
import { destinationOf } from './destination.ts'
import type { Batch, PartitionQueue } from './partition-queue.ts'
import { type Outcome, Sender } from './sender.ts'
import { TopicQueue } from './topic-queue.ts'

const resolved: Promise<void> = Promise.resolve()
/** What `close()` grants to what is on its way. */
const closeMs = 5_000

export class Publisher implements Outcome {
  readonly #topics: Topics
  readonly #names: Names
  readonly #settings: Settings
  readonly #backlog: PublishBacklog
  readonly #sender: Sender
  readonly #putOff: (topic: string) => void
  readonly #queues = new Map<string, TopicQueue>()
  readonly #looking = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined
  #idle: (() => void) | undefined

  /** `putOff` is told of topics that something is put off for. */
  constructor(driver: Driver, topics: Topics, names: Names, settings: Settings, putOff: (topic: string) => void) {
    this.#putOff = putOff
    this.#topics = topics
    this.#names = names
    this.#settings = settings
    this.#backlog = new PublishBacklog(settings.backlog)
    this.#sender = new Sender(driver, settings, this)
  }

  connect(): Promise<void> {
    return this.#sender.connect()
  }

  publish(messages: readonly Message[]): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new ClosedError('The Kafka adapter'))
    const [first] = messages
    if (first === undefined) return resolved
    const now = Date.now()
    const deadline = now + this.#settings.publishTimeoutMs
    const records: OutgoingRecord[] = []
    const sizes: number[] = []
    let bytes = 0
    for (const message of messages) {
      const record = outgoing(message)
      const size = sizeOf(record)
      records.push(record)
      sizes.push(size)
      bytes += size
    }
    try {
      this.#backlog.add(messages.length, bytes)
    } catch (error) {
      return Promise.reject(error)
    }
    const call = new Call(first.topic, messages.length)
    for (let index = 0; index < messages.length; index++) {
      const pending = { record: records[index] as OutgoingRecord, bytes: sizes[index] as number, call, index, deadline }
      this.#enqueue(messages[index] as Message, pending, now)
    }
    this.#timer ??= setTimeout(this.#expire, this.#expiryMs)
    return call.promise
  }

  /** Waits for what can still be stored soon; rejects the rest. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  stored(batch: Batch): void {
    for (const pending of batch.pending) {
      this.#backlog.remove(1, pending.bytes)
      pending.call.stored()
    }
    this.#queues.get(batch.queue.topic)?.settled(Date.now())
    if (this.#backlog.messages === 0) this.#idle?.()
  }

  failed(batch: Batch, stored: Stored, cause: unknown): void {
    this.#reject(batch.pending, stored, cause)
  }

  lost(queue: PartitionQueue): void {
    queue.leader = -1
    const topic = this.#queues.get(queue.topic)
    if (topic !== undefined) this.#look(topic)
  }

  #enqueue(message: Message, pending: Pending, now: number): void {
    const topic = destinationOf(message, now)
    if (topic !== message.topic) this.#putOff(message.topic)
    let queue = this.#queues.get(topic)
    if (queue === undefined) {
      queue = new TopicQueue(this.#names.topic(topic), topic, message.retention === 'kept')
      this.#queues.set(topic, queue)
      const leaders = this.#topics.peek(topic)
      if (leaders !== undefined && !this.#topics.stale(topic)) queue.learn(leaders)
    }
    const partition = queue.push(pending, now)
    if (partition === undefined || partition.leader < 0) this.#look(queue)
    else {
      this.#sender.wake(partition)
      if (queue.staleAt <= now) this.#look(queue)
    }
  }

  /** Finds the topic, or its leaders, and wakes what waits for them. */
  #look(queue: TopicQueue): void {
    if (this.#looking.has(queue.topic)) return
    this.#looking.add(queue.topic)
    const urgent = queue.waiting || queue.partitions.some(({ leader, empty }) => leader < 0 && !empty)
    void this.#find(queue, urgent).finally(() => this.#looking.delete(queue.topic))
  }

  async #find(queue: TopicQueue, urgent: boolean): Promise<void> {
    if (urgent) this.#topics.forget(queue.topic)
    const failing = (error: unknown): void => void (queue.problem = error)
    for (let wait = 20; this.#backlog.messages > 0; wait = Math.min(500, wait * 2)) {
      try {
        const parent = parentTopicOf(queue.topic)
        // What is put off needs it later, and patterns see only what is there.
        if (parent !== queue.topic) await this.#topics.ensure(parent, { failing })
        const leaders = await this.#topics.ensure(queue.topic, { kept: queue.kept, failing })
        for (const partition of queue.learn(leaders)) this.#sender.wake(partition)
        for (const partition of queue.partitions)
          if (!partition.empty && partition.leader >= 0) this.#sender.wake(partition)
        if (!queue.partitions.some(({ leader, empty }) => leader < 0 && !empty)) return
      } catch (error) {
        failing(error)
        // It may be known, and reachable, all the same.
        if (!queue.waiting && queue.partitions.every(({ leader, empty }) => leader >= 0 || empty)) return
        if (!isTransient(error)) this.#reject(queue.drain(), 'no', error)
      }
      this.#topics.forget(queue.topic)
      await pause(wait)
    }
  }

  #reject(pending: readonly Pending[], stored: Stored, cause: unknown): void {
    for (const { call, index, bytes } of pending) {
      this.#backlog.remove(1, bytes)
      call.failed(index, stored, cause)
    }
    if (this.#backlog.messages === 0) this.#idle?.()
  }

  get #expiryMs(): number {
    return Math.min(500, Math.max(20, this.#settings.publishTimeoutMs / 20))
  }

  readonly #expire = (): void => {
    this.#timer = undefined
    const { publishTimeoutMs, brokers } = this.#settings
    this.#settleBefore(Date.now(), (problem) => late(publishTimeoutMs, brokers, problem))
    if (this.#backlog.messages > 0) this.#timer = setTimeout(this.#expire, this.#expiryMs)
  }

  #settleBefore(deadline: number, causeFor: (problem: unknown) => Error): void {
    const reject = (pending: readonly Pending[], stored: Stored, problem: unknown): void => {
      if (pending.length > 0) this.#reject(pending, stored, causeFor(problem))
    }
    for (const topic of this.#queues.values()) {
      reject(topic.expired(deadline), 'no', topic.problem)
      for (const queue of topic.partitions) {
        const { batch } = queue
        const problem = queue.problem ?? topic.problem ?? leaderless(queue)
        if (batch !== undefined && (batch.pending[0] as Pending).deadline <= deadline) {
          const doubtful = batch.doubtful || batch.inFlight
          this.#sender.abandon(batch)
          reject(batch.pending, doubtful ? 'unknown' : 'no', problem)
        }
        reject(queue.expired(deadline), 'no', problem)
      }
    }
  }

  async #close(): Promise<void> {
    if (this.#backlog.messages > 0) {
      const done = new AbortController()
      this.#idle = () => done.abort()
      await pause(closeMs, done.signal)
    }
    clearTimeout(this.#timer)
    this.#sender.close()
    this.#settleBefore(Number.POSITIVE_INFINITY, () => new ClosedError('The Kafka adapter'))
  }
}

function leaderless({ topic, partition, leader, empty }: PartitionQueue): DriverError | undefined {
  if (leader >= 0 || empty) return undefined
  return new DriverError('LEADER_NOT_AVAILABLE', `partition ${partition} of topic "${topic}" has no leader`, false)
}

function outgoing({ key, headers, body, notBefore }: Message): OutgoingRecord {
  const value = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const all = notBefore === undefined ? headers : { ...headers, [notBeforeHeader]: String(notBefore) }
  return { key: key === undefined ? null : keyBytes(key), value, headers: all }
}

/** Roughly what it takes on the wire. */
function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = 24 + Buffer.byteLength(value) + (key === null ? 0 : Buffer.byteLength(key))
  for (const name in headers) bytes += 4 + name.length + Buffer.byteLength(headers[name] as string)
  return bytes
}
