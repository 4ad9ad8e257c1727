import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Seen {
  readonly body: string
  readonly redeliveries: number
  readonly note?: string
}

/** One of `processes/` in a process of its own; what it prints. */
export class Child<Line = Seen> {
  readonly seen: Line[] = []
  readonly #process: ChildProcess
  readonly #exit: Promise<unknown>

  constructor(task: unknown, name = 'consumer') {
    const program = fileURLToPath(new URL(`processes/${name}.ts`, import.meta.url))
    this.#process = spawn(process.execPath, ['--conditions=@bus/source', program, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exit = once(this.#process, 'exit')
    if (this.#process.stdout !== null) {
      createInterface(this.#process.stdout).on('line', (line) => this.seen.push(JSON.parse(line) as Line))
    }
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exit
  }

  /** Asks it to close; the exit code. */
  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    await this.#exit
    return this.#process.exitCode
  }

  async exited(): Promise<void> {
    await this.#exit
  }
}
