import { type PublishFailure, PublishError, type Stored } from '@bus/core/spi'
import type { OutgoingRecord } from '../driver/driver.ts'

/** One `publish()`: settles when each of its messages has. */
export class Call {
  readonly promise: Promise<void>
  readonly #topic: string
  #left: number
  #failures: PublishFailure[] | undefined
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor(topic: string, messages: number) {
    this.#topic = topic
    this.#left = messages
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  stored(): void {
    if (--this.#left === 0) this.#settle()
  }

  failed(index: number, stored: Stored, cause: unknown): void {
    ;(this.#failures ??= []).push({ index, stored, cause })
    if (--this.#left === 0) this.#settle()
  }

  #settle(): void {
    if (this.#failures === undefined) this.#resolve()
    else
      this.#reject(
        new PublishError(
          this.#topic,
          this.#failures.toSorted((a, b) => a.index - b.index),
        ),
      )
  }
}

/** A message on its way. */
export interface Pending {
  readonly record: OutgoingRecord
  readonly bytes: number
  readonly call: Call
  /** Its place in the call. */
  readonly index: number
  /** When it has to be settled. */
  readonly deadline: number
}
