import type { Driver, Link } from '../driver/driver.ts'

/** A link that can be exchanged when it does not answer: its sockets may be dead without a sign. */
export class Wire {
  readonly #driver: Driver
  #link: Link
  #closed = false

  constructor(driver: Driver) {
    this.#driver = driver
    this.#link = driver.open()
  }

  get link(): Link {
    return this.#link
  }

  renew(): void {
    if (this.#closed) return
    const old = this.#link
    this.#link = this.#driver.open()
    old.close()
  }

  close(): void {
    this.#closed = true
    this.#link.close()
  }
}
