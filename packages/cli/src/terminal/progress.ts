import type { Output } from './output.ts'

const terminalEveryMs = 100
const logEveryMs = 5_000

/** Tells how far long work is: on one line of a terminal, or as a line in a log now and then. */
export class Progress {
  readonly #out: Output
  readonly #terminal: boolean
  #last = performance.now()
  #shown = false

  constructor(out: Output) {
    this.#out = out
    this.#terminal = out.stderr.isTTY
  }

  update(text: () => string): void {
    const now = performance.now()
    if (now - this.#last < (this.#terminal ? terminalEveryMs : logEveryMs)) return
    this.#last = now
    if (this.#terminal) this.#out.stderr.write(`\r\u001b[K${text()}`)
    else this.#out.note(text())
    this.#shown = true
  }

  /** Leaves the line to whatever comes next. */
  clear(): void {
    if (this.#shown && this.#terminal) this.#out.stderr.write('\r\u001b[K')
    this.#shown = false
  }
}
