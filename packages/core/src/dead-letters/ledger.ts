import type { EventBusAdapter } from '../spi/adapter.ts'
import type { Message } from '../spi/message.ts'
import { ledgerTopicOf } from '../spi/topics.ts'

/** What became of a dead letter. `parked`: still there, but only redriven when forced. */
export type Mark = 'redriven' | 'discarded' | 'parked'

/** One entry: the same happened to all of these. */
interface Entry {
  readonly mark: Mark
  readonly positions: readonly string[]
}

/**
 * Which events of a dead letter topic are dealt with. It is written down in a topic beside it, since not every backend
 * can take one message out of a log, and is kept at least as long as the dead letters.
 */
export class Ledger {
  readonly #adapter: EventBusAdapter
  readonly #topic: string
  readonly #marks = new Map<string, Mark>()
  #after: string | undefined
  #writable = false

  private constructor(adapter: EventBusAdapter, topic: string) {
    this.#adapter = adapter
    this.#topic = topic
  }

  static async open(adapter: EventBusAdapter, dlqTopic: string): Promise<Ledger> {
    const ledger = new Ledger(adapter, ledgerTopicOf(dlqTopic))
    await ledger.refresh()
    return ledger
  }

  /** Takes note of what was written since, here or elsewhere. The positions of what is settled now and was not. */
  async refresh(): Promise<readonly string[]> {
    const settled: string[] = []
    for await (const { body, position } of this.#adapter.read({ topic: this.#topic, after: this.#after })) {
      this.#after = position
      const entry = readEntry(body)
      for (const place of entry?.positions ?? []) {
        const wasSettled = this.isSettled(place)
        this.#marks.set(place, (entry as Entry).mark)
        if (!wasSettled && this.isSettled(place)) settled.push(place)
      }
    }
    return settled
  }

  isSettled(position: string): boolean {
    const mark = this.#marks.get(position)
    return mark !== undefined && mark !== 'parked'
  }

  isParked(position: string): boolean {
    return this.#marks.get(position) === 'parked'
  }

  /** To be called before anything is done that has to be written down: a backend may refuse to. */
  async assertWritable(): Promise<void> {
    if (this.#writable) return
    await this.#append({ mark: 'redriven', positions: [] })
    this.#writable = true
  }

  async write(mark: Mark, positions: readonly string[]): Promise<void> {
    if (positions.length === 0) return
    await this.#append({ mark, positions })
    for (const position of positions) this.#marks.set(position, mark)
  }

  async #append(entry: Entry): Promise<void> {
    const message: Message = { topic: this.#topic, headers: {}, body: JSON.stringify(entry), retention: 'kept' }
    await this.#adapter.publish([message])
  }
}

/** `undefined`: somebody else wrote it. */
function readEntry(body: Uint8Array): Entry | undefined {
  try {
    const { mark, positions } = JSON.parse(new TextDecoder().decode(body)) as Partial<Entry>
    return mark !== undefined && Array.isArray(positions) ? { mark, positions } : undefined
  } catch {
    return undefined
  }
}
