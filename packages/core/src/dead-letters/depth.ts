import type { EventBusAdapter } from '../spi/adapter.ts'
import { header } from '../wire/headers.ts'
import { Ledger } from './ledger.ts'

/** For how long counting goes on from where it was. What has left with its retention is noticed after that. */
const recountMs = 600_000

/**
 * How many dead letters of one topic are neither redriven nor discarded. All are counted the first time, and then only what
 * is new: it may be asked for often.
 */
export class Depth {
  readonly #adapter: EventBusAdapter
  readonly #dlqTopic: string
  #counting: Promise<number> | undefined
  #ledger: Ledger | undefined
  #after: string | undefined
  #depth = 0
  #since = 0

  constructor(adapter: EventBusAdapter, dlqTopic: string) {
    this.#adapter = adapter
    this.#dlqTopic = dlqTopic
  }

  /** Whoever asks while others wait gets the same answer. Rejects if the backend does not answer. */
  count(now: number): Promise<number> {
    return (this.#counting ??= this.#count(now)
      .catch((error: unknown) => {
        // Where it broke off is not known.
        this.#ledger = undefined
        throw error
      })
      .finally(() => (this.#counting = undefined)))
  }

  async #count(now: number): Promise<number> {
    if (this.#ledger === undefined || now - this.#since >= recountMs) {
      this.#ledger = await Ledger.open(this.#adapter, this.#dlqTopic)
      this.#after = undefined
      this.#depth = 0
      this.#since = now
    } else {
      for (const position of await this.#ledger.refresh()) {
        if (this.#after !== undefined && position <= this.#after) this.#depth--
      }
    }
    for await (const { position, headers } of this.#adapter.read({ topic: this.#dlqTopic, after: this.#after })) {
      this.#after = position
      if (headers[header.deadReason] !== undefined && !this.#ledger.isSettled(position)) this.#depth++
    }
    return this.#depth
  }
}
