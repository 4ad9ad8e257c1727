import type { Consumer, ConsumeOptions, ConsumerState, Delivery } from '@bus/core/spi'
import type { Link } from '../driver/driver.ts'
import { Fetcher } from './fetcher.ts'
import type { Common } from '../common.ts'
import { Lending } from './lending.ts'
import { Partition } from './partition.ts'
import type { PartitionOwner } from './partition-owner.ts'
import { resolveStarts } from './start.ts'
import { WaitingRoom } from './waiting-room.ts'

const lookForPartitionsMs = 10_000

/** Without a group: reads every partition by itself, and the cluster knows nothing of it. */
export class SoloConsumer implements Consumer, PartitionOwner {
  readonly marks = false
  readonly overdue = false
  readonly room: WaitingRoom = new WaitingRoom(() => this.#lending.wake())
  readonly #common: Common
  readonly #options: ConsumeOptions
  readonly #link: Link
  readonly #lending: Lending
  readonly #fetcher: Fetcher
  readonly #onClose: (consumer: SoloConsumer) => void
  readonly #timer: NodeJS.Timeout
  #closed = false
  #started = false

  constructor(common: Common, options: ConsumeOptions, onClose: (consumer: SoloConsumer) => void) {
    const { driver, topics, names, settings } = common
    this.#common = common
    this.#options = options
    this.#onClose = onClose
    this.#link = driver.open()
    this.#lending = new Lending(() => this.#fetcher.wake())
    this.#fetcher = new Fetcher(this.#link, topics, names, settings.log, this.#lending)
    this.#timer = setInterval(() => void this.#lookForPartitions(), lookForPartitionsMs)
  }

  get state(): ConsumerState {
    const reason = this.#fetcher.problem
    if (reason !== undefined) return { status: 'failing', reason }
    return { status: this.#started ? 'ready' : 'joining' }
  }

  async start(): Promise<void> {
    const starts = await resolveStarts(this.#common, this.#options.topics)
    if (this.#closed) return
    this.#lending.partitions = [...starts].flatMap(([topic, offsets]) =>
      [...offsets].map(([id, offset]) => this.#partition(topic, id, offset)),
    )
    this.#started = true
    this.#fetcher.wake()
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#lending.pull(max, signal)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#fetcher.stop()
    this.#lending.close()
    this.room.close()
    this.#link.close()
    this.#onClose(this)
  }

  changed(partition: Partition): void {
    partition.low() // lets go of what is done
  }

  ready(): void {
    this.#lending.wake()
  }

  #partition(topic: string, id: number, start: number): Partition {
    const { names, topics } = this.#common
    return new Partition(this, { topic, name: names.topic(topic), id, topicId: topics.idOf(topic) }, start)
  }

  /** What was added after the start begins with its first record. */
  async #lookForPartitions(): Promise<void> {
    if (!this.#started) return
    for (const { topic } of this.#options.topics) {
      try {
        const count = (await this.#common.topics.refresh(topic))?.length ?? 0
        const known = this.#lending.partitions.filter((partition) => partition.topic === topic).length
        if (this.#closed || count <= known) continue
        const added = Array.from({ length: count - known }, (_, i) => this.#partition(topic, known + i, 0))
        this.#lending.partitions = [...this.#lending.partitions, ...added]
        this.#fetcher.wake()
      } catch {
        // The next round will tell.
      }
    }
  }
}
