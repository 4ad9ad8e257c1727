import type { Consumer, ConsumeOptions, ConsumerState, Delivery } from '../../src/spi/consume.ts'
import type { StoredMessage } from '../../src/spi/message.ts'

/** What may be made to fail: each is called at that moment, and throws or does not. */
export interface Faults {
  initialize?: (() => void) | undefined
  publish?: (() => void) | undefined
  consume?: ((topic: string) => void) | undefined
  pull?: (() => void) | undefined
  ack?: (() => void) | undefined
  ping?: (() => void) | undefined
  listTopics?: (() => void) | undefined
}

export interface ConsumerHost {
  readonly faults: Faults
  readonly calls: string[]
  gaveBack(from: FakeConsumer, delivery: Delivery, note: string | undefined): void
  closed(consumer: FakeConsumer): void
}

export class FakeConsumer implements Consumer {
  state: ConsumerState = { status: 'ready' }
  readonly options: ConsumeOptions
  readonly waiting: Delivery[] = []
  readonly open: Set<Delivery> = new Set()
  /** Calls of `pull`. */
  pulls = 0
  isClosed = false
  readonly #host: ConsumerHost
  #wake: (() => void) | undefined

  constructor(options: ConsumeOptions, host: ConsumerHost) {
    this.options = options
    this.#host = host
  }

  async pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.pulls++
    this.#host.faults.pull?.()
    if (this.waiting.length === 0 && !this.isClosed && !signal.aborted) await this.#someone(signal)
    if (this.isClosed || signal.aborted) return []
    const lent = this.waiting.splice(0, max)
    for (const delivery of lent) this.open.add(delivery)
    return lent
  }

  lend(
    message: StoredMessage,
    { note, redeliveries = 0 }: { note?: string | undefined; redeliveries?: number } = {},
  ): void {
    const { calls, faults } = this.#host
    const settle = (call: string): boolean => {
      if (!this.open.delete(delivery)) return false
      calls.push(`${call} ${message.topic}/${message.position}`)
      return true
    }
    const delivery: Delivery = {
      message,
      note,
      redeliveries,
      ack: async () => {
        if (this.open.has(delivery)) faults.ack?.()
        settle('ack')
      },
      release: async (left) => {
        if (settle('release')) this.#host.gaveBack(this, delivery, left)
      },
    }
    const behind = this.waiting.findIndex(
      (other) => other.message.topic === message.topic && other.message.position > message.position,
    )
    this.waiting.splice(behind < 0 ? this.waiting.length : behind, 0, delivery)
    this.#wake?.()
  }

  /** What was not pulled yet. */
  takeBack(leaves: (delivery: Delivery) => boolean): void {
    for (const delivery of this.waiting.filter(leaves)) {
      this.waiting.splice(this.waiting.indexOf(delivery), 1)
      this.#host.gaveBack(this, delivery, delivery.note)
    }
  }

  /** Gives back what is lent and what waits. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.#wake?.()
    for (const delivery of [...this.open, ...this.waiting.splice(0)]) this.#host.gaveBack(this, delivery, delivery.note)
    this.open.clear()
    this.#host.closed(this)
  }

  #someone(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
      signal.addEventListener('abort', this.#wake, { once: true })
    })
  }
}
