import { setTimeout as later } from 'node:timers'
import { ClosedError, type BackendUnavailableError } from '@bus/core/spi'
import type { Script } from '../scripts/script.ts'
import type { StorageWait } from './wait.ts'
import type { Connection } from './connection.ts'
import { codeOf, isReply, NotSentError } from './failure.ts'
import { Link, type Argument } from './link.ts'

export interface SlotHost {
  readonly address: string
  readonly closed: boolean
  readonly patienceMs: number
  /** The node that serves the slot, as far as is known. */
  nodeOf(slot: number): Connection | undefined
  /** The node of that name, known before or not. */
  node(name: string): Connection
  /** A node said that another one serves the slot. */
  moved(slot: number, name: string): void
  /** In words: no node serves it at the moment. */
  unserved(slot: number): BackendUnavailableError
  /** What is known may be wrong. */
  doubt(): void
}

const maxHops = 5
const pauseMs = 50
// The slot is on its way to another node, has lost its node, or its node has just begun: nothing was done.
const notNow = new Set(['TRYAGAIN', 'CLUSTERDOWN', 'MASTERDOWN', 'LOADING', 'READONLY'])

/** The way to the node that serves one slot, wherever the slot goes. */
export class SlotLink extends Link {
  readonly slot: number
  // While a slot moves, one command may be refused and the next one not.
  readonly keepsOrder = false
  readonly #host: SlotHost
  readonly #listeners = new Set<() => void>()
  #paused = false

  constructor(slot: number, host: SlotHost) {
    super(host.patienceMs)
    this.slot = slot
    this.#host = host
  }

  get address(): string {
    return this.#node?.address ?? this.#host.address
  }

  get ready(): boolean {
    return !this.#paused && this.#node?.ready === true
  }

  protected get closed(): boolean {
    return this.#host.closed
  }

  onReady(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** There is a connection that was not there before. */
  connected(): void {
    if (this.ready) for (const listener of [...this.#listeners]) listener()
  }

  command(name: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#ask((node, asking) => {
      if (asking) permit(node)
      return node.command(name, ...args)
    })
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#ask((node, asking) => {
      if (!asking) return node.run(script, keys, args)
      permit(node)
      return node.command('eval', script.lua, keys.length, ...keys, ...args)
    })
  }

  runText(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.command('eval', script.lua, keys.length, ...keys, ...args)
  }

  async runWaiting(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    wait: StorageWait,
  ): Promise<readonly [unknown, string | undefined]> {
    const both = await this.#ask((node, asking) => {
      if (asking) permit(node)
      return node.runWaiting(script, keys, args, wait)
    })
    return both as [unknown, string | undefined]
  }

  reset(why: string): void {
    this.#node?.reset(why)
  }

  demoted(): void {
    this.#host.doubt()
  }

  failure(): BackendUnavailableError {
    const node = this.#node
    if (node !== undefined && !node.ready) return node.failure()
    return this.#host.unserved(this.slot)
  }

  get #node(): Connection | undefined {
    return this.#host.nodeOf(this.slot)
  }

  async #ask(send: (node: Connection, asking: boolean) => Promise<unknown>): Promise<unknown> {
    if (this.closed) throw new ClosedError('The Redis adapter')
    let node = this.#paused ? undefined : this.#node
    for (let hops = 0, asking = false; ; hops++) {
      if (node?.ready !== true) {
        this.#host.doubt()
        if (hops > 0) this.#pause()
        throw new NotSentError(this.failure())
      }
      try {
        return await send(node, asking)
      } catch (error) {
        const code = isReply(error) ? codeOf(error) : ''
        if (notNow.has(code) || ((code === 'MOVED' || code === 'ASK') && hops === maxHops)) {
          this.#host.doubt()
          this.#pause()
          throw new NotSentError(node.failureBy(error))
        }
        if (code !== 'MOVED' && code !== 'ASK') {
          if (!isReply(error)) this.#host.doubt()
          throw error
        }
        const name = (error as Error).message.split(' ')[2] ?? ''
        if (code === 'MOVED') this.#host.moved(this.slot, name)
        asking = code === 'ASK'
        node = asking ? this.#host.node(name) : this.#node
      }
    }
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    later(() => {
      this.#paused = false
      this.connected()
    }, pauseMs)
  }
}

/** The node that a slot goes to takes commands for it only from those who say that they were sent there. */
function permit(node: Connection): void {
  node.command('ASKING').catch(() => {})
}
