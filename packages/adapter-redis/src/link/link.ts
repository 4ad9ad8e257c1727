import type { BackendUnavailableError } from '@bus/core/spi'
import type { Script } from '../scripts/script.ts'
import type { StorageWait } from './wait.ts'
import { isLoss } from './failure.ts'
import { whenReady } from './ready.ts'

export type Argument = string | number | Buffer

/** The way to the server that has certain keys. Comes back by itself. Replies are bytes, numbers and lists of them. */
export abstract class Link {
  abstract readonly address: string
  /** What is sent while something else is under way is done after it, or not at all. */
  abstract readonly keepsOrder: boolean
  abstract readonly ready: boolean
  /** No other connection follows. */
  protected abstract readonly closed: boolean
  readonly #patienceMs: number

  /** `patienceMs`: how long a lost connection is waited for. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** Called whenever the connection is there again. The result ends it. */
  abstract onReady(listener: () => void): () => void
  abstract command(name: string, ...args: readonly Argument[]): Promise<unknown>
  /** By its digest; with its text if the server does not know it (any more). */
  abstract run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>
  /** With its text: for what must not be overtaken by a later call, as one that has to be repeated could be. */
  abstract runText(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>
  /** With its text, and what of `wait` had not happened to what it wrote when the time was over, in words. */
  abstract runWaiting(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    wait: StorageWait,
  ): Promise<readonly [reply: unknown, shortfall: string | undefined]>
  /** Gives up this connection for a new one: everything that is under way rejects. */
  abstract reset(why: string): void
  /** The server became a replica, as after a failover: by a new connection the primary may be found. */
  abstract demoted(): void
  /** What is wrong at the moment, in words. */
  abstract failure(): BackendUnavailableError

  /** Resolves as soon as the connection is there; rejects once `signal` aborts. */
  whenReady(signal: AbortSignal): Promise<void> {
    return whenReady(this, signal)
  }

  /**
   * For what may be asked twice: waits for the connection, as long as a first one may take, and asks again if it broke.
   */
  async patiently<Value>(ask: () => Promise<Value>): Promise<Value> {
    const limit = AbortSignal.timeout(this.#patienceMs)
    while (true) {
      if (!this.closed) {
        await this.whenReady(limit).catch(() => {
          throw this.failure()
        })
      }
      try {
        return await ask()
      } catch (error) {
        if (this.closed || limit.aborted || !isLoss(error)) throw error
      }
    }
  }
}
