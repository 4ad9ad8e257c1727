import type { EventBusAdapter, LossListener } from './spi/adapter.ts'

/** Initializes an adapter once, on first use; after a failure, once more. Hears what it loses until it is closed. */
export class Connection {
  readonly #adapter: EventBusAdapter
  readonly #stopListening: (() => void) | undefined
  #opening: Promise<void> | undefined
  isOpen = false

  constructor(adapter: EventBusAdapter, lost: LossListener) {
    this.#adapter = adapter
    this.#stopListening = adapter.onLoss?.(lost)
  }

  /** `owns`: the adapter closes with it. */
  async close(owns: boolean): Promise<void> {
    this.#stopListening?.()
    if (owns) await this.#adapter.close()
  }

  async open(): Promise<void> {
    if (this.isOpen) return
    await (this.#opening ??= this.#adapter
      .initialize()
      .then(() => void (this.isOpen = true))
      .finally(() => (this.#opening = undefined)))
  }
}
