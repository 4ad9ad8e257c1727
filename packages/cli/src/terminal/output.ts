import { once } from 'node:events'
import type { Env } from '@bus/core/spi'
import { type Paint, paintFor } from './paint.ts'
import { type Column, table } from './table.ts'

export interface OutputOptions {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Env
  readonly json: boolean
  readonly colour: boolean
  readonly signal: AbortSignal
}

/** Why a command is interrupted whose output nobody reads any more. */
export const outputClosed: unique symbol = Symbol('output closed')

/** Results go to stdout, for people or for programs; everything else goes to stderr. */
export class Output {
  readonly json: boolean
  /** For stdout. */
  readonly paint: Paint
  readonly stderr: NodeJS.WriteStream
  readonly #stdout: NodeJS.WriteStream
  readonly #paintNote: Paint
  readonly #signal: AbortSignal

  constructor({ stdout, stderr, env, json, colour, signal }: OutputOptions) {
    this.json = json
    this.paint = paintFor(stdout, env, colour)
    this.stderr = stderr
    this.#stdout = stdout
    this.#paintNote = paintFor(stderr, env, colour)
    this.#signal = signal
  }

  /** Columns of the terminal; no limit elsewhere. */
  get width(): number {
    return this.#stdout.isTTY ? this.#stdout.columns : Number.POSITIVE_INFINITY
  }

  /** Whoever read the output has gone, as `head` does: what was printed is all that was wanted. */
  get closed(): boolean {
    return this.#signal.reason === outputClosed
  }

  /** Resolves when more may be written: whoever reads slowly is waited for. */
  async line(text: string): Promise<void> {
    if (this.closed) return
    if (this.#stdout.write(`${text}\n`) || this.#signal.aborted) return
    try {
      await once(this.#stdout, 'drain', { signal: this.#signal })
    } catch (error) {
      // Nobody waits any more; a broken pipe has interrupted the command already.
      if (!this.#signal.aborted) throw error
    }
  }

  /** For programs the object, for people what `text` makes of it. */
  async record(object: object, text: () => string): Promise<void> {
    await this.line(this.json ? JSON.stringify(object) : text())
  }

  /** For programs one line per row, for people a table, or `empty`. */
  async rows<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): Promise<void> {
    if (this.json) for (const row of rows) await this.line(JSON.stringify(row))
    else if (rows.length === 0) this.note(empty)
    else for (const line of table(columns, rows, this.paint, this.width)) await this.line(line)
  }

  /** To people, also beside JSON. */
  note(text: string): void {
    this.stderr.write(`${text}\n`)
  }

  warn(text: string): void {
    this.note(`${this.#paintNote('yellow', 'warning:')} ${text}`)
  }

  error(text: string): void {
    this.note(`${this.#paintNote('red', 'bus:')} ${text}`)
  }
}
