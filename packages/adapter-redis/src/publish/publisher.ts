import { ClosedError, PublishBacklog, type Message } from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import type { Servers } from '../link/servers.ts'
import type { StorageWait } from '../link/wait.ts'
import type { Settings } from '../settings.ts'
import type { Catalog } from '../topics/catalog.ts'
import { outcomeOf, type Batch } from './batch.ts'
import { bodyOf, toDelayed, toStreams } from './encode.ts'
import { Writer, type WriterHost } from './writer.ts'

export interface PublisherOptions {
  readonly catalog: Catalog
  readonly settings: Settings
  /** By which everything is sent. */
  readonly publishing: Servers
  delayed(topic: string, nextMs: number): void
  stored(topic: string, events: number): void
}

const lookEveryMs = 200

/** Everything that is published: one writer per topic, one bound for all, and every call settles. */
export class Publisher implements WriterHost {
  readonly catalog: Catalog
  readonly timeoutMs: number
  readonly wait: StorageWait
  readonly delayed: (topic: string, nextMs: number) => void
  readonly stored: (topic: string, events: number) => void
  readonly #publishing: Servers
  readonly #backlog: PublishBacklog
  readonly #writers = new Map<string, Writer>()
  readonly #delayers = new Map<string, Writer>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor({ catalog, settings, publishing, delayed, stored }: PublisherOptions) {
    this.catalog = catalog
    this.timeoutMs = settings.publishTimeoutMs
    this.wait = settings.wait
    this.#publishing = publishing
    this.delayed = delayed
    this.stored = stored
    this.#backlog = new PublishBacklog({ maxMessages: settings.maxBacklog, maxBytes: settings.maxBacklogBytes })
  }

  /** Not async: what is published in one tick, in whatever order it is awaited, is sent in the order of the calls. */
  publish(messages: readonly Message[]): Promise<void> {
    if (this.#closed) return Promise.reject(new ClosedError('The Redis adapter'))
    if (messages.length === 0) return Promise.resolve()
    try {
      const [first] = messages
      if (messages.length === 1 && first !== undefined) return this.#publishOne(first)
      const bodies = messages.map(bodyOf)
      const sizes = bodies.map((body) => body.length)
      this.#backlog.add(
        messages.length,
        sizes.reduce((sum, size) => sum + size, 0),
      )
      const parts = messages.map((message, index) =>
        this.#writer(message).add(message, bodies[index] ?? '', sizes[index] ?? 0),
      )
      this.#watch()
      return outcomeOf(parts)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  linkTo(topic: string): Link {
    return this.#publishing.at(this.catalog.of(topic).base)
  }

  settled(batch: Batch): void {
    this.#backlog.remove(batch.messages.length, batch.bytes)
  }

  /** Sends what waits while there is a connection and `signal` permits; then everything has its outcome. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed = true
    while (!signal.aborted && this.#all().some((writer) => writer.canWork)) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    for (const writer of this.#all()) writer.close(new ClosedError('The Redis adapter'))
    this.#rest()
  }

  #publishOne(message: Message): Promise<void> {
    const body = bodyOf(message)
    this.#backlog.add(1, body.length)
    const { batch, number } = this.#writer(message).add(message, body, body.length)
    this.#watch()
    return batch.outcome(number)
  }

  #writer({ topic, notBefore }: Message): Writer {
    const later = notBefore !== undefined && notBefore > Date.now()
    const writers = later ? this.#delayers : this.#writers
    let writer = writers.get(topic)
    if (writer === undefined) {
      writer = new Writer(topic, later ? toDelayed : toStreams, this)
      writers.set(topic, writer)
    }
    return writer
  }

  #all(): Writer[] {
    return [...this.#writers.values(), ...this.#delayers.values()]
  }

  #watch(): void {
    this.#timer ??= setInterval(
      () => {
        // Not when the last one is settled: whoever publishes one by one would start a timer for each.
        if (this.#backlog.messages === 0) return this.#rest()
        const now = performance.now()
        const overdue = this.#all().filter((writer) => writer.expire(now))
        for (const link of new Set(overdue.map((writer) => writer.link)))
          link.reset(`no answer for ${this.timeoutMs} ms`)
      },
      Math.min(lookEveryMs, Math.max(5, this.timeoutMs / 10)),
    )
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
