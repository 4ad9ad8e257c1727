import { constants } from 'node:os'
import { defaults } from './defaults.ts'
import { ConfigInvalidError } from './errors.ts'
import { systemClock } from './util/clock.ts'
import { errorText } from './util/error-text.ts'
import { consoleLogger, type Logger, writeTo } from './util/logger.ts'
import { numberProblem } from './util/number-problem.ts'
import { wait } from './util/wait.ts'

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT' | 'SIGBREAK' | 'SIGUSR2'

export interface HandleSignalsOptions {
  /** What tells the process to end; default `SIGTERM` and `SIGINT`. */
  readonly signals?: readonly StopSignal[] | undefined
  /**
   * Milliseconds for `before` and the handlers at work together; default 30,000. It should be ten seconds less than
   * what the orchestrator grants before it kills.
   */
  readonly timeoutMs?: number | undefined
  /** Comes first, for what publishes, such as an HTTP server that is to finish its requests. */
  readonly before?: (() => unknown) | undefined
  /** Comes when the buses are closed, for what handlers use, such as a pool of connections, and for an adapter of one's own. */
  readonly after?: (() => unknown) | undefined
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger | undefined
}

/** What can be drained: an `EventBus`. */
export interface Closable {
  close(options: { readonly timeoutMs: number }): Promise<unknown>
}

// A terminal tells every process of its group, and a package manager passes the same signal on once more.
const sameSignalMs = 500
// What the process has to end by itself, when it is done, and beyond its deadline.
const graceMs = 5_000

/**
 * Closes buses when the process is told to end: they take nothing more, handlers at work end, the rest is given back.
 * Then the process ends by itself, with exit code 0 (or `process.exitCode`). It ends with 1 if `before`, closing or
 * `after` failed, or if something else keeps it alive five seconds later: a socket, a timer, a handler beyond the
 * deadline. A second signal (half a second later at the earliest: package managers double the first) ends it at once,
 * with 128 and the signal's number; what is at work then is handled again elsewhere. The returned function undoes all
 * this. @throws ConfigInvalidError
 */
export function handleSignals(buses: Closable | readonly Closable[], options: HandleSignalsOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], timeoutMs = defaults.closeTimeoutMs, logger = consoleLogger } = options
  const problem = numberProblem(timeoutMs, 0)
  if (problem !== undefined) throw new ConfigInvalidError([{ name: 'timeoutMs', problem }])
  let beganAt: number | undefined
  const listener = (signal: NodeJS.Signals): void => {
    const now = systemClock.now()
    if (beganAt === undefined) {
      beganAt = now
      void new Shutdown(timeoutMs, logger).run(signal, [buses].flat(), options)
    } else if (now - beganAt >= sameSignalMs) process.exit(128 + constants.signals[signal])
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

class Shutdown {
  readonly #logger: Logger
  readonly #timeoutMs: number
  readonly #startedAt = systemClock.now()

  constructor(timeoutMs: number, logger: Logger) {
    this.#timeoutMs = timeoutMs
    this.#logger = logger
  }

  async run(
    signal: NodeJS.Signals,
    buses: readonly Closable[],
    { before, after }: Pick<HandleSignalsOptions, 'before' | 'after'>,
  ): Promise<void> {
    writeTo(this.#logger, 'info', `${signal}: closing`)
    const hurry = this.#endWithin(this.#timeoutMs + 2 * graceMs)
    if (before !== undefined) await this.#inTime(this.#step('before', before))
    const timeoutMs = Math.max(0, this.#startedAt + this.#timeoutMs - systemClock.now())
    await Promise.all(buses.map((bus) => this.#step('closing', () => bus.close({ timeoutMs }))))
    if (after !== undefined) await this.#step('after', after)
    hurry()
    writeTo(this.#logger, 'info', 'closed')
    this.#endWithin(graceMs)
  }

  async #step(name: string, work: () => unknown): Promise<void> {
    try {
      await work()
    } catch (error) {
      process.exitCode = 1
      writeTo(this.#logger, 'error', `${name} failed while the process was ending`, { error: errorText(error) })
    }
  }

  async #inTime(work: Promise<void>): Promise<void> {
    const done = new AbortController()
    await Promise.race([work, wait(systemClock, this.#timeoutMs, done.signal)])
    done.abort()
  }

  /** For what keeps the process alive; what does not is not waited for. */
  #endWithin(ms: number): () => void {
    const end = (): void => {
      const holding = [...new Set(process.getActiveResourcesInfo())].join(', ')
      writeTo(this.#logger, 'error', 'the process does not end by itself, and is ended', { holding })
      process.exit(1)
    }
    return systemClock.timer(ms, end, true)
  }
}
