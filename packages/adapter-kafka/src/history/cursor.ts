import type { Link } from '../driver/driver.ts'
import { DriverError } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import { persist } from '../pause.ts'
import { KafkaMessage } from '../stored-message.ts'
import type { Places } from '../consume/start.ts'

const limits = { maxWaitMs: 500, maxBytesPerPartition: 1024 * 1024 }

/** Reads one partition from one offset up to another. */
export class Cursor {
  readonly #places: Places
  readonly #topic: string
  readonly #partition: number
  readonly #end: number
  #next: number
  #buffer: readonly KafkaMessage[] = []
  #at = 0
  #filling: Promise<void> | undefined

  constructor(places: Places, topic: string, partition: number, start: number, end: number) {
    this.#places = places
    this.#topic = topic
    this.#partition = partition
    this.#next = start
    this.#end = end
  }

  /** The next message, without taking it; `undefined` at the end. */
  async peek(): Promise<KafkaMessage | undefined> {
    while (this.#at >= this.#buffer.length && this.#next < this.#end) await (this.#filling ??= this.#fill())
    return this.#buffer[this.#at]
  }

  /** Whether {@link peek} answers without I/O. */
  get head(): KafkaMessage | undefined {
    return this.#buffer[this.#at]
  }

  take(): void {
    this.#at++
  }

  async #fill(): Promise<void> {
    try {
      await persist(() => this.#fetch())
    } finally {
      this.#filling = undefined
    }
  }

  async #fetch(): Promise<void> {
    const { topics, names, link } = this.#places
    const leader = (topics.peek(this.#topic) ?? (await topics.refresh(this.#topic)))?.[this.#partition] ?? -1
    try {
      if (leader < 0) throw new DriverError('LEADER_NOT_AVAILABLE', `Topic "${this.#topic}" has no leader.`, false)
      await this.#read(link, leader, names.topic(this.#topic))
    } catch (error) {
      topics.forget(this.#topic)
      throw error
    }
  }

  async #read(link: Link, leader: number, topic: string): Promise<void> {
    const position = { topic, partition: this.#partition, offset: this.#next }
    const [answer] = await link.fetch(leader, [position], limits)
    if (answer?.error === 'OFFSET_OUT_OF_RANGE') {
      // What was there has been removed since: look where the log begins now.
      const [earliest] = await link.offsets(leader, topic, [{ partition: this.#partition, at: 'earliest' }])
      const start = earliest?.offset ?? this.#end
      this.#next = start > this.#next ? start : this.#end
      return
    }
    if (answer?.error !== undefined) {
      const why = explained(answer.error, { operation: 'Read', topic })
      throw new DriverError(answer.error, `Reading ${topic}: ${why}`, false)
    }
    // Brokers hold records back while a transaction is open; the end was taken below it.
    if (answer?.next === undefined)
      throw new DriverError('OFFSET_NOT_AVAILABLE', `Reading ${topic}: nothing was sent`, false)
    this.#next = answer.next
    this.#at = 0
    this.#buffer = answer.records
      .filter(({ offset }) => Number(offset) < this.#end)
      .map((record) => new KafkaMessage(this.#topic, this.#partition, record))
  }
}
