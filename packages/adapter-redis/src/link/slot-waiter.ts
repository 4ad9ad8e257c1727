import type { BackendUnavailableError } from '@bus/core/spi'
import type { Connection } from './connection.ts'
import { codeOf, isReply, NotSentError } from './failure.ts'
import type { Argument } from './link.ts'
import { whenReady } from './ready.ts'
import type { SlotHost } from './slot-link.ts'
import type { OwnLink } from './waker.ts'

export interface WaiterHost extends SlotHost {
  /** A connection of its own to the node that serves the slot, as far as is known. */
  open(slot: number): Connection | undefined
}

/** A connection of its own to the node that serves one slot: for waiting there. */
export class SlotWaiter implements OwnLink {
  readonly slot: number
  readonly #host: WaiterHost
  readonly #listeners = new Set<() => void>()
  #connection: Connection | undefined
  #started = false

  constructor(slot: number, host: WaiterHost) {
    this.slot = slot
    this.#host = host
  }

  get ready(): boolean {
    return this.#connection?.ready === true
  }

  start(): void {
    this.#started = true
    this.follow()
  }

  /** To wherever the slot is now. */
  follow(): void {
    if (!this.#started) return
    const node = this.#host.nodeOf(this.slot)
    if (node === undefined || node.address === this.#connection?.address) return
    this.#connection?.close()
    this.#connection = this.#host.open(this.slot)
    this.#connection?.onReady(() => {
      for (const listener of [...this.#listeners]) listener()
    })
    this.#connection?.start()
  }

  onReady(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  whenReady(signal: AbortSignal): Promise<void> {
    return whenReady(this, signal)
  }

  async command(name: string, ...args: readonly Argument[]): Promise<unknown> {
    if (this.#connection === undefined) throw new NotSentError(this.#failure)
    try {
      return await this.#connection.command(name, ...args)
    } catch (error) {
      if (!isReply(error)) this.#host.doubt()
      if (!isReply(error) || codeOf(error) !== 'MOVED') throw error
      this.#host.moved(this.slot, error.message.split(' ')[2] ?? '')
      throw new NotSentError(this.#failure)
    }
  }

  reset(why: string): void {
    this.#connection?.reset(why)
  }

  close(): void {
    this.#started = false
    this.#connection?.close()
  }

  get #failure(): BackendUnavailableError {
    return this.#connection?.failure() ?? this.#host.unserved(this.slot)
  }
}
