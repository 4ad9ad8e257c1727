import { ClosedError } from './errors.ts'
import type { BaseEvent } from './events.ts'
import { type BatchEntry, publishedEvent, type Publisher, type PublishOptions } from './publish.ts'
import {
  active,
  type Outgoing,
  type PublishMiddleware,
  type SwitchedPublishMiddleware,
  throughMiddleware,
} from './publish-middleware.ts'
import type { StatsBook } from './stats.ts'
import { clone } from './util/json.ts'
import { isThenable } from './util/thenable.ts'
import type { EventMessage } from './wire/event-message.ts'

export interface PublishingHost {
  readonly publisher: Publisher
  readonly stats: StatsBook
  /** May publish no more. */
  isClosed(): boolean
  /** `undefined`: connected. */
  connect(): Promise<void> | undefined
  /** Before the first publish to a topic. */
  announce(topic: string): Promise<void> | undefined
}

/** The way of events from `publish()` to the adapter. */
export class Publishing {
  readonly #host: PublishingHost
  #middleware: readonly (PublishMiddleware | SwitchedPublishMiddleware)[] = []
  #inFlight = 0
  /** By topic, what its first event waits for; whatever is published meanwhile waits for the same, to stay behind it. */
  readonly #openings = new Map<string, Promise<void>>()

  constructor(host: PublishingHost) {
    this.#host = host
  }

  get inFlight(): number {
    return this.#inFlight
  }

  use(middleware: PublishMiddleware | SwitchedPublishMiddleware): void {
    this.#middleware = [...this.#middleware, middleware]
  }

  async one(topic: string, type: string, payload: unknown, options: PublishOptions | undefined): Promise<BaseEvent> {
    const { publisher, stats } = this.#host
    try {
      this.#assertOpen(topic)
      const middleware = active(this.#middleware)
      if (middleware.length > 0) {
        const [message] = await this.#through(
          middleware,
          topic,
          [{ type, payload, options: options ?? {} }],
          options?.signal,
        )
        return changedEvent(message as EventMessage)
      }
      const prepared = publisher.prepare(topic, type, payload, options)
      const message = isThenable(prepared) ? await prepared : prepared
      await this.#send(topic, [message], options?.signal)
      return publishedEvent(message, payload)
    } catch (error) {
      stats.rejected(topic, 1, error)
      throw error
    }
  }

  async batch(
    topic: string,
    batch: readonly BatchEntry<string, unknown>[],
    signal: AbortSignal | undefined,
  ): Promise<BaseEvent[]> {
    const { publisher, stats } = this.#host
    try {
      this.#assertOpen(topic)
      if (batch.length === 0) return []
      const middleware = active(this.#middleware)
      if (middleware.length > 0) {
        const outgoing = batch.map(({ type, payload, ...options }) => ({ type, payload, options }))
        const messages = await this.#through(middleware, topic, outgoing, signal)
        return messages.map(changedEvent)
      }
      const messages = await publisher.prepareAll(topic, batch)
      await this.#send(topic, messages, signal)
      return messages.map((message, index) => publishedEvent(message, batch[index]?.payload))
    } catch (error) {
      stats.rejected(topic, batch.length, error)
      throw error
    }
  }

  #through(
    middleware: readonly PublishMiddleware[],
    topic: string,
    outgoing: readonly Outgoing[],
    signal: AbortSignal | undefined,
  ): Promise<EventMessage[]> {
    return throughMiddleware(
      middleware,
      topic,
      outgoing,
      ({ type, payload, options }) => this.#host.publisher.prepare(topic, type, payload, options),
      (messages) => this.#send(topic, messages, signal),
    )
  }

  async #send(topic: string, messages: readonly EventMessage[], signal: AbortSignal | undefined): Promise<void> {
    const { publisher, stats } = this.#host
    const opening = this.#openings.get(topic) ?? this.#open(topic)
    if (opening !== undefined) {
      this.#openings.set(topic, opening)
      try {
        await opening
      } finally {
        // Only now: those that wait go on one after the other, before anything else can be published.
        this.#openings.delete(topic)
      }
    }
    this.#inFlight++
    try {
      await publisher.send(messages, signal)
      stats.published(topic, messages.length)
    } finally {
      this.#inFlight--
    }
  }

  #open(topic: string): Promise<void> | undefined {
    const { connect, announce } = this.#host
    const connecting = connect()
    return connecting === undefined ? announce(topic) : connecting.then(() => announce(topic))
  }

  #assertOpen(topic: string): void {
    if (this.#host.isClosed()) throw new ClosedError('The event bus', `nothing was published to "${topic}"`)
  }
}

/** Middleware may have changed the payload; what is stored is nobody's to change. */
function changedEvent(message: EventMessage): BaseEvent {
  return publishedEvent(message, clone(message.payload))
}
