import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type CliOptions, start } from './cli.ts'

/** A command that runs until it is told to end, such as `tail`. */
export class Listener {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown[]>
  #stderr = ''

  private constructor(args: readonly string[], options: CliOptions) {
    this.#child = start(args, options)
    this.#closed = once(this.#child, 'close')
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  }

  /** Resolves when it says on stderr that it waits. */
  static async start(args: readonly string[], options: CliOptions): Promise<Listener> {
    const listener = new Listener(args, options)
    const stderr = listener.#child.stderr as NodeJS.ReadableStream
    await new Promise<void>((resolve, reject) => {
      stderr.on('data', (chunk: Buffer) => {
        listener.#stderr += chunk.toString()
        if (listener.#stderr.includes('Waiting for events')) resolve()
      })
      stderr.on('end', () => reject(new Error(`It ended: ${listener.#stderr}`)))
    })
    return listener
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done === true) throw new Error(`No more lines: ${this.#stderr}`)
    return value
  }

  async lines(count: number): Promise<string[]> {
    const lines: string[] = []
    while (lines.length < count) lines.push(await this.line())
    return lines
  }

  /** Resolves with the exit code, and whatever was printed meanwhile. */
  async end(signal: NodeJS.Signals): Promise<{ readonly code: unknown; readonly rest: readonly string[] }> {
    this.#child.kill(signal)
    const rest: string[] = []
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) rest.push(next.value)
    const [code] = await this.#closed
    return { code, rest }
  }
}
