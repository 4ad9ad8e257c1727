import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { removeWhenOrphaned } from './orphans.ts'

const TERMINATE_MS = 20_000
const LOG_LINES = 60

export interface ServerRecipe {
  /** How messages call it, for example `redis-server`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The line of its output that says it takes connections. */
  readonly ready: RegExp
  readonly startTimeoutMs: number
}

/** The server ended because somebody else took its port first: worth another try on another port. */
export class PortTakenError extends Error {}

/** A server of our own: started, stopped, killed and frozen by process id, always with the same arguments. */
export class ServerProcess {
  readonly #recipe: ServerRecipe
  #child: ChildProcess | undefined
  #forget: () => void = () => {}
  #log: string[] = []

  constructor(recipe: ServerRecipe) {
    this.#recipe = recipe
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  /** The last lines it printed. */
  get log(): readonly string[] {
    return this.#log
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    if (this.#child) return
    const { command, args, env, cwd, ready, startTimeoutMs } = this.#recipe
    this.#log = []
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group: Ctrl-C reaches the tests first, which then close their clients in peace.
      detached: true,
    })
    const started = Promise.withResolvers<void>()
    child.once('error', (cause) => started.reject(new Error(`cannot run ${command}: ${cause.message}`, { cause })))
    child.once('exit', (code, signal) => {
      this.#forget()
      if (this.#child === child) this.#child = undefined
      started.reject(this.#failure(`ended with ${signal ?? `code ${code}`}`))
    })
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        this.#log.push(line)
        if (this.#log.length > LOG_LINES) this.#log.shift()
        if (ready.test(line)) started.resolve()
      })
      unref(output)
    }
    child.unref()
    if (child.pid !== undefined) {
      this.#child = child
      this.#forget = removeWhenOrphaned('process', child.pid)
    }
    const timer = setTimeout(
      () => started.reject(this.#failure(`not ready after ${startTimeoutMs} ms`)),
      startTimeoutMs,
    )
    try {
      await started.promise
    } catch (error) {
      await this.kill()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Asks it to shut down (SIGTERM), and insists when it does not. */
  async terminate(): Promise<void> {
    this.resume()
    const insist = setTimeout(() => this.#signal('SIGKILL'), TERMINATE_MS)
    await this.#end('SIGTERM')
    clearTimeout(insist)
  }

  /** Takes it away without notice (SIGKILL). */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.terminate()
    await this.start()
  }

  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void {
    this.#signal('SIGSTOP')
  }

  resume(): void {
    this.#signal('SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child) return
    const exited = once(child, 'exit')
    child.ref()
    child.kill(signal)
    await exited
  }

  #signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  #failure(what: string): Error {
    const message = `${this.#recipe.name} ${what}\n${this.#log.join('\n')}`
    return /address already in use|BindException/i.test(message) ? new PortTakenError(message) : new Error(message)
  }
}

// A broker that somebody forgot to stop must not keep the process alive.
function unref(stream: unknown): void {
  ;(stream as { unref?: () => void }).unref?.()
}
