import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Arguments, Command } from './child.ts'
import type { Place, Task } from './measurement.ts'

const file = fileURLToPath(new URL('child.ts', import.meta.url))
/** Longer than any one step may take; what hangs is told, not waited for. */
const patienceMs = 90_000

/** One candidate in a process of its own: none warms up, or slows down, the code of another. */
export class PlayerProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #name: string
  #nextId = 0
  #complaints = ''

  private constructor(name: string) {
    this.#name = name
    this.#child = fork(file, [], {
      execArgv: ['--conditions=@bus/source', '--expose-gc', '--no-warnings'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString()).slice(-4_000)
    })
    this.#child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(value)
      else waiting?.reject(new Error(`${name}: ${error}`))
    })
    this.#child.on('exit', (code, signal) => {
      const error = new Error(`${name} ended with ${code ?? signal}: ${this.#complaints}`)
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
  }

  static async open(suite: string, name: string, task: Task, place: Place): Promise<PlayerProcess> {
    const player = new PlayerProcess(`${suite}, ${name}`)
    try {
      await player.ask('open', suite, name, task, place)
      return player
    } catch (error) {
      player.#child.kill('SIGKILL')
      throw error
    }
  }

  ask<C extends Command>(command: C, ...args: Arguments<C>): Promise<Answer<C>> {
    const id = this.#nextId++
    const answer = new Promise<Answer<C>>((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`${this.#name} has not done "${command}" after ${patienceMs} ms. ${this.#complaints}`))
      }, patienceMs)
      const settle = (then: () => void): void => {
        clearTimeout(deadline)
        then()
      }
      this.#waiting.set(id, {
        resolve: (value) => settle(() => resolve(value as Answer<C>)),
        reject: (error) => settle(() => reject(error)),
      })
    })
    this.#child.send({ id, command, args })
    return answer
  }

  /** Lets it close what it opened, for a moment; some peers never do. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => (timer = setTimeout(resolve, 5_000)))
    await Promise.race([this.ask('close').catch(() => {}), grace])
    clearTimeout(timer)
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await gone
  }
}
