import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Another process that runs `program`, a module's text; `shell` stands before it. */
export class Program {
  readonly lines: string[] = []
  readonly process: ChildProcess
  readonly #ended: Promise<unknown[]>
  #errors = ''

  constructor(program: string, shell = '') {
    const node = `exec "$0" --conditions=@bus/source --input-type=module --eval "$1"`
    this.process = spawn('/bin/sh', ['-c', `${shell}${node}`, process.execPath, program], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.process
    stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    if (stdout !== null) createInterface(stdout).on('line', (line) => this.lines.push(line))
    this.#ended = once(this.process, 'close')
  }

  /** Resolves when it has written this many lines. */
  async wrote(count: number): Promise<void> {
    while (this.lines.length < count) {
      await Promise.race([once(this.process.stdout as NonNullable<ChildProcess['stdout']>, 'data'), this.#failed()])
    }
  }

  /** Kills it at once, and resolves when all that it wrote has been read. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.#ended
  }

  /** Its exit code, or the signal that killed it. */
  async outcome(): Promise<unknown> {
    const [code, signal] = await this.#ended
    return code ?? signal
  }

  /** Rejects if it did not end well. */
  async ended(): Promise<void> {
    const [code, signal] = await this.#ended
    if (code !== 0) throw new Error(`The program ended with ${String(code ?? signal)}: ${this.#errors}`)
  }

  async #failed(): Promise<never> {
    await this.#ended
    throw new Error(`The program ended after ${this.lines.length} lines: ${this.#errors}`)
  }
}
