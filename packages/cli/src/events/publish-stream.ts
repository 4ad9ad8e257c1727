import { createInterface } from 'node:readline'
import { EventBusError, type EventBus } from '@bus/core'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { Output } from '../terminal/output.ts'
import { Progress } from '../terminal/progress.ts'
import { count } from '../terminal/text.ts'
import { type EventInput, eventInput } from './event-input.ts'

const mostInFlight = 1_000
const mostCharacters = 8 * 1024 * 1024

export interface StreamOptions {
  readonly bus: EventBus
  readonly out: Output
  readonly input: NodeJS.ReadableStream
  /** For all events; otherwise each names its own. */
  readonly topic: string | undefined
  readonly signal: AbortSignal
}

/**
 * Publishes one event per line, in their order, many at a time. A line that is no event is told and passed over; when
 * the backend refuses one, no more are read.
 */
export class PublishStream {
  readonly #options: StreamOptions
  readonly #progress: Progress
  readonly #inFlight = new Set<Promise<void>>()
  /** Aborts when no more lines are to be read. */
  readonly #stop = new AbortController()
  #characters = 0
  #line = 0
  #published = 0
  #failed = 0
  #invalid = 0

  constructor(options: StreamOptions) {
    this.#options = options
    this.#progress = new Progress(options.out)
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const { input, signal, out } = this.#options
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    const end = (): void => lines.close()
    AbortSignal.any([signal, this.#stop.signal]).addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    for await (const line of lines) {
      if (signal.aborted || this.#stop.signal.aborted) break
      this.#line++
      await this.#take(this.#line === 1 ? line.replace(/^\uFEFF/, '') : line)
      this.#progress.update(() => this.#summary())
    }
    await Promise.all(this.#inFlight)
    this.#progress.clear()
    const unread = this.#stop.signal.aborted ? `; lines after ${this.#line} were not read` : ''
    out.note(`${this.#summary()}${unread}`)
    if (signal.aborted) return exitCodes.interrupted
    return this.#failed + this.#invalid > 0 ? exitCodes.failed : exitCodes.ok
  }

  async #take(line: string): Promise<void> {
    if (line.trim() === '') return
    const at = this.#line
    let event: EventInput
    try {
      event = eventInput(line, this.#options.topic)
    } catch (error) {
      this.#refused(at, error)
      return
    }
    const work = this.#publish(event, at).finally(() => {
      this.#inFlight.delete(work)
      this.#characters -= line.length
    })
    this.#inFlight.add(work)
    this.#characters += line.length
    while (this.#inFlight.size >= mostInFlight || this.#characters >= mostCharacters) await Promise.race(this.#inFlight)
  }

  async #publish({ topic, type, payload, options }: EventInput, line: number): Promise<void> {
    const { bus, out } = this.#options
    try {
      const { metadata } = await bus.publish(topic, type, payload, options)
      this.#published++
      if (out.json) await out.line(JSON.stringify({ line, topic, type, eventId: metadata.eventId }))
    } catch (error) {
      this.#refused(line, error)
    }
  }

  #refused(line: number, error: unknown): void {
    const wrong = exitCodeOf(error) === exitCodes.usage
    if (wrong) this.#invalid++
    else {
      this.#failed++
      this.#stop.abort()
    }
    const stored = (error as { stored?: unknown }).stored
    const message = (error as Error).message
    const code = EventBusError.is(error) ? error.code : undefined
    const { out } = this.#options
    this.#progress.clear()
    if (out.json) out.note(JSON.stringify({ line, error: { code, message, stored } }))
    else out.error(`line ${line}: ${message}`)
  }

  #summary(): string {
    const parts = [`${count(this.#published, 'event')} published`]
    if (this.#failed > 0) parts.push(`${count(this.#failed, 'event')} failed`)
    if (this.#invalid > 0) parts.push(`${count(this.#invalid, 'line')} refused`)
    return parts.join(', ')
  }
}
