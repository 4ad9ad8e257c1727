import { PublishBacklogError } from '../errors.ts'

export interface PublishBacklogLimits {
  /** Messages that wait to be sent or confirmed; default 10,000. */
  readonly maxMessages?: number | undefined
  /** Their bytes; default 64 MiB. */
  readonly maxBytes?: number | undefined
}

/** Bounds what a process holds of messages that its backend has not confirmed yet. */
export class PublishBacklog {
  readonly #maxMessages: number
  readonly #maxBytes: number
  #messages = 0
  #bytes = 0

  constructor({ maxMessages = 10_000, maxBytes = 64 * 1024 * 1024 }: PublishBacklogLimits = {}) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  get messages(): number {
    return this.#messages
  }

  /** @throws PublishBacklogError when it would be too much; one call that is alone is always let in. */
  add(messages: number, bytes: number): void {
    const full = this.#messages + messages > this.#maxMessages || this.#bytes + bytes > this.#maxBytes
    if (full && this.#messages > 0) {
      throw new PublishBacklogError(
        `${this.#messages} events (${this.#bytes} bytes) wait to be stored already; the limits are ` +
          `${this.#maxMessages} events and ${this.#maxBytes} bytes. The backend is slow or away: publish less, or wait.`,
      )
    }
    this.#messages += messages
    this.#bytes += bytes
  }

  remove(messages: number, bytes: number): void {
    this.#messages -= messages
    this.#bytes -= bytes
  }
}
