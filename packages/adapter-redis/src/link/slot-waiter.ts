import type { BackendUnavailableError } from '@bus/core/spi'
import type { Script } from '../scripts/script.ts'
import type { Connection } from './connection.ts'
import { codeOf, isReply, NotSentError } from './failure.ts'
import { Link, type Argument } from './link.ts'
import type { SlotHost } from './slot-link.ts'

export interface WaiterHost extends SlotHost {
  /** A connection of its own to the node that serves the slot, as far as is known. */
  open(slot: number): Connection | undefined
}

/** A connection of its own to the node that serves one slot: for waiting there. */
export class SlotWaiter extends Link {
  readonly slot: number
  readonly keepsOrder = false
  readonly #host: WaiterHost
  readonly #listeners = new Set<() => void>()
  #connection: Connection | undefined
  #started = false

  constructor(slot: number, host: WaiterHost) {
    super(host.patienceMs)
    this.slot = slot
    this.#host = host
  }

  get address(): string {
    return this.#connection?.address ?? this.#host.address
  }

  get ready(): boolean {
    return this.#connection?.ready === true
  }

  protected get closed(): boolean {
    return this.#host.closed
  }

  start(): void {
    this.#started = true
    this.follow()
  }

  /** To wherever the slot is now. */
  follow(): void {
    if (!this.#started || this.closed) return
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

  async command(name: string, ...args: readonly Argument[]): Promise<unknown> {
    if (this.#connection === undefined) throw new NotSentError(this.failure())
    try {
      return await this.#connection.command(name, ...args)
    } catch (error) {
      if (!isReply(error)) this.#host.doubt()
      if (!isReply(error) || codeOf(error) !== 'MOVED') throw error
      this.#host.moved(this.slot, error.message.split(' ')[2] ?? '')
      throw new NotSentError(this.failure())
    }
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.runText(script, keys, args)
  }

  runText(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.command('eval', script.lua, keys.length, ...keys, ...args)
  }

  reset(why: string): void {
    this.#connection?.reset(why)
  }

  demoted(): void {
    this.#host.doubt()
  }

  failure(): BackendUnavailableError {
    return this.#connection?.failure() ?? this.#host.unserved(this.slot)
  }

  close(): void {
    this.#started = false
    this.#connection?.close()
  }
}
