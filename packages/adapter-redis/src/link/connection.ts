import { BackendUnavailableError, ClosedError, TimeoutError } from '@bus/core/spi'
import { Command, type Redis } from 'ioredis'
import type { Script } from '../scripts/script.ts'
import { addressOf, type Settings } from '../settings.ts'
import { shortfall, type StorageWait, waitCommand } from './wait.ts'
import { createClient } from './client.ts'
import { hasCode, isReadOnly, isReply, NotSentError, tlsHint, unavailable } from './failure.ts'
import { Link, type Argument } from './link.ts'
import { Outages } from './outages.ts'

const ticks = 10
// A server that has just been taken for a primary and is none is not asked again and again without a pause.
const demotedMs = 1_000

/** For connections on which nothing waits. */
export const silenceMs = 5_000

export interface ConnectionOptions {
  /** How long a reply may be due before the connection counts as dead. */
  readonly silenceMs: number
  /** Told when the connection is lost and when it is back. */
  readonly warn?: (message: string) => void
}

/** One connection to one server. */
export class Connection extends Link {
  readonly address: string
  readonly keepsOrder = true
  readonly #settings: Settings
  readonly #silenceMs: number
  readonly #readyListeners = new Set<() => void>()
  readonly #outages: Outages | undefined
  #client: Redis | undefined
  #established = false
  #closed = false
  #lastError: unknown
  #readyAt = 0
  #due = 0
  #silentTicks = 0
  #watchdog: NodeJS.Timeout | undefined

  constructor(settings: Settings, { silenceMs, warn }: ConnectionOptions) {
    super(settings.connectTimeoutMs)
    this.#settings = settings
    this.#silenceMs = silenceMs
    this.address = addressOf(settings.server)
    this.#outages = warn && new Outages(this.address, warn)
  }

  get ready(): boolean {
    return this.#client?.status === 'ready' && this.#client.stream.writable
  }

  protected get closed(): boolean {
    return this.#closed
  }

  /** @throws BackendUnavailableError if the first connection does not come about in time. */
  async connect(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#lastError = undefined
    const client = this.#open()
    const { connectTimeoutMs } = this.#settings
    let timer: NodeJS.Timeout | undefined
    let abort: (() => void) | undefined
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(this.#tooSlow(client)), connectTimeoutMs)
      abort = () => reject(signal?.reason as Error)
      signal?.addEventListener('abort', abort, { once: true })
    })
    try {
      await Promise.race([client.connect(), limit])
      // A client whose SELECT was refused goes on, in database 0.
      const { db } = this.#settings.server
      if (db !== 0) await Promise.race([client.select(db), limit])
      this.#established = true
    } catch (error) {
      this.#client = undefined
      client.disconnect()
      if (error instanceof BackendUnavailableError || signal?.aborted) throw error
      throw this.failureBy(this.#lastError ?? error)
    } finally {
      clearTimeout(timer)
      if (abort !== undefined) signal?.removeEventListener('abort', abort)
    }
  }

  /** Connects as long as it takes. */
  start(): void {
    this.#established = true
    this.#open()
      .connect()
      .catch(() => {})
  }

  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener)
    return () => this.#readyListeners.delete(listener)
  }

  command(name: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#send(name, args)
  }

  runText(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#send('eval', [script.lua, keys.length, ...keys, ...args])
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args]
    return this.#send('evalsha', [script.sha, ...rest]).catch((error: unknown) => {
      if (!hasCode(error, 'NOSCRIPT')) throw error
      return this.#send('eval', [script.lua, ...rest])
    })
  }

  async runWaiting(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    wait: StorageWait,
  ): Promise<readonly [unknown, string | undefined]> {
    // Both at once, and in this order: the server waits for what this connection has written so far.
    const storing = this.runText(script, keys, args)
    const waiting = this.command(...waitCommand(wait)).catch((error: unknown) => {
      // What it waits for is stored all the same.
      if (isReply(error)) return error
      throw error
    })
    const [reply, waited] = await Promise.all([storing, waiting])
    return [reply, shortfall(waited, wait)]
  }

  reset(why: string): void {
    if (this.#closed) return
    this.#lastError = new Error(why)
    // A polite end would wait for an answer of the other side.
    this.#client?.stream?.destroy()
  }

  /** In words, of an error that came from it. */
  failureBy(error: unknown): BackendUnavailableError {
    return unavailable(this.address, error, this.#settings.server)
  }

  failure(): BackendUnavailableError {
    return this.failureBy(this.#lastError ?? new Error('there is no connection'))
  }

  close(): void {
    this.#closed = true
    this.#outages?.stop()
    clearInterval(this.#watchdog)
    this.#client?.disconnect()
    this.#client?.stream?.destroy()
    this.#readyListeners.clear()
  }

  #open(): Redis {
    this.#client?.disconnect()
    const client = createClient(this.#settings, 3 * this.#silenceMs, () => this.#established && !this.#closed)
    client.on('error', (error: unknown) => (this.#lastError = error))
    client.on('ready', () => {
      this.#lastError = undefined
      this.#readyAt = performance.now()
      this.#outages?.back()
      for (const listener of [...this.#readyListeners]) listener()
    })
    client.on('close', () => {
      if (this.#established && !this.#closed) this.#outages?.lost(this.#reason)
    })
    this.#client = client
    return client
  }

  get #reason(): string {
    if (this.#lastError === undefined) return 'it was closed by the other side'
    return this.#lastError instanceof Error ? this.#lastError.message : String(this.#lastError)
  }

  #send(name: string, args: readonly Argument[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(new ClosedError('The Redis adapter'))
    const client = this.#client
    if (client === undefined || !this.ready) return Promise.reject(new NotSentError(this.failure()))
    const reply = client.sendCommand(new Command(name, args as Argument[])) as Promise<unknown>
    if (this.#due++ === 0) this.#silentTicks = 0
    this.#watchdog ??= this.#watch()
    reply.then(this.#answered, this.#refused)
    return reply
  }

  /** Counts its own ticks, not the time: a process that was stopped for a while has not waited for anybody. */
  #watch(): NodeJS.Timeout {
    const tick = (): void => {
      if (this.#due > 0 && ++this.#silentTicks >= ticks) this.reset(`no answer for ${this.#silenceMs} ms`)
    }
    return setInterval(tick, this.#silenceMs / ticks).unref()
  }

  readonly #answered = (): void => {
    this.#due--
    this.#silentTicks = 0
  }

  readonly #refused = (error: unknown): void => {
    this.#answered()
    if (isReadOnly(error)) this.demoted()
  }

  demoted(): void {
    if (this.ready && performance.now() - this.#readyAt >= demotedMs) this.reset('the server is a read-only replica')
  }

  #tooSlow(client: Redis): BackendUnavailableError {
    const { connectTimeoutMs } = this.#settings
    const cause = new TimeoutError(`Connecting to Redis at ${this.address}`, connectTimeoutMs)
    const text =
      client.status === 'connect'
        ? `accepted the connection, but was not ready within ${connectTimeoutMs} ms: it may be loading its data.${tlsHint(this.#settings.server)}`
        : `did not answer within ${connectTimeoutMs} ms. Is the address right, and is nothing in between?`
    return new BackendUnavailableError(`Redis at ${this.address} ${text}`, { cause: this.#lastError ?? cause })
  }
}
