import type { Consumer, Delivery, EventBusAdapter, Message, StoredMessage } from '@bus/core/spi'

const done = Promise.resolve()

/** Stores and lends, and does nothing else: what an event costs on it is the core's own share. */
export class NullAdapter implements EventBusAdapter {
  readonly specVersion: 1 = 1
  readonly name = 'null'
  readonly capabilities = { durable: false, shared: false, delays: true, countsRedeliveries: 'each' } as const
  readonly #stored: StoredMessage[] = []
  #lent = 0
  #wake: () => void = () => {}

  async initialize(): Promise<void> {}

  /** Nothing is lent before `release`: publishing and handling are counted apart. */
  publish(messages: readonly Message[]): Promise<void> {
    for (const { topic, body } of messages) {
      const position = String(this.#stored.length)
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      this.#stored.push({ topic, headers: {}, body: bytes, position, storedAt: 0 })
    }
    return done
  }

  /** As a backend would answer: whole windows of loans that exist already. */
  release(): void {
    this.#ready = this.#stored.splice(0).map((message) => new Loan(message))
    this.#lent = 0
    this.#wake()
  }
  #ready: Delivery[] = []

  async consume(): Promise<Consumer> {
    return {
      state: { status: 'ready' },
      pull: (max, signal) => this.#pull(max, signal),
      close: async () => {},
    }
  }

  async #pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    while (this.#lent === this.#ready.length && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    if (signal.aborted) return []
    const part = this.#ready.slice(this.#lent, this.#lent + max)
    this.#lent += part.length
    return part
  }

  async *read(): AsyncGenerator<StoredMessage> {}
  async listTopics(): Promise<readonly string[]> {
    return []
  }
  async listGroups(): Promise<readonly []> {
    return []
  }
  async inspect(): Promise<undefined> {}
  async deleteGroup(): Promise<void> {}
  async ping(): Promise<void> {}
  async close(): Promise<void> {}
}

class Loan implements Delivery {
  readonly message: StoredMessage
  readonly redeliveries = 0
  readonly note = undefined

  constructor(message: StoredMessage) {
    this.message = message
  }

  ack(): Promise<void> {
    return done
  }

  async release(): Promise<void> {}
}
