import type { EventBusAdapter } from './spi/adapter.ts'

/** Initializes an adapter once, on first use; after a failure, once more. */
export class Connection {
  readonly #adapter: EventBusAdapter
  #opening: Promise<void> | undefined
  isOpen = false

  constructor(adapter: EventBusAdapter) {
    this.#adapter = adapter
  }

  async open(): Promise<void> {
    if (this.isOpen) return
    await (this.#opening ??= this.#adapter
      .initialize()
      .then(() => void (this.isOpen = true))
      .finally(() => (this.#opening = undefined)))
  }
}
