import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cleanEnvironment, program } from './cli.ts'

/** The program on a terminal of its own, with somebody who reads and types. */
export class Terminal {
  readonly #child: ReturnType<typeof spawn>
  readonly #closed: Promise<unknown[]>
  output = ''

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // `script` gives it a pseudo-terminal, and ends with its exit code; a shell that stays between them would end with
    // its own: dash says 130 after Ctrl-C, whatever the program answers.
    const command = `exec ${[...program, ...args].map((word) => `'${word}'`).join(' ')}`
    this.#child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...cleanEnvironment(), SHELL: '/bin/sh', TERM: 'xterm', ...env },
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    this.#closed = once(this.#child, 'close')
  }

  async shows(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const ended = this.#closed.then(() => {
        if (!this.output.includes(text)) throw new Error(`It ended without "${text}": ${this.output}`)
      })
      await Promise.race([once(this.#child.stdout as NodeJS.ReadableStream, 'data'), ended])
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  async ended(): Promise<unknown> {
    const [code] = await this.#closed
    return code
  }
}
