import { frames } from './consume/frame.ts'
import { EventInvalidError, PayloadTooLargeError, PublishError } from './errors.ts'
import { type BaseEvent, type EventMetadata, type EventSchemas, schemaOf } from './events.ts'
import type { EventBusAdapter } from './spi/adapter.ts'
import { assertPublishableTopic } from './spi/topics.ts'
import type { Clock } from './util/clock.ts'
import { isoTime } from './util/iso-time.ts'
import { setMember, snapshot } from './util/json.ts'
import { JsonValue } from './util/json-value.ts'
import { isThenable } from './util/thenable.ts'
import { unwritable } from './util/unwritable.ts'
import { isAttribute } from './wire/envelope.ts'
import { EventMessage } from './wire/event-message.ts'
import { issueLines, type SchemaResult } from './util/standard-schema.ts'

export interface PublishOptions {
  /** Taken over as it is. What is absent is filled in; unknown keys travel along. */
  readonly metadata?: Partial<EventMetadata> | undefined
  /** Events of one key keep their order within a group. */
  readonly key?: string | undefined
  /** Deliver no sooner than this many milliseconds from now. */
  readonly delayMs?: number | undefined
  /** Deliver no sooner than then. */
  readonly deliverAt?: Date | undefined
  /** Stops waiting when it aborts; the event may be stored all the same. */
  readonly signal?: AbortSignal | undefined
}

/** One event of a batch. */
export interface BatchEntry<Type extends string, Payload> extends Omit<PublishOptions, 'signal'> {
  readonly type: Type
  readonly payload: Payload
}

export interface PublisherOptions {
  readonly adapter: EventBusAdapter
  readonly clock: Clock
  readonly source: string
  readonly schemas: EventSchemas | undefined
  /** Bytes of a payload written as JSON. */
  readonly maxPayloadBytes: number
}

// What metadata may add to an event of the largest payload: the strictest backend's limit must not be met.
const metadataBytes = 65_536
const rememberedTopics = 10_000

/** From what the application says to what an adapter stores. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #validTopics = new Set<string>()
  /** Whether the adapter asked for the text of the last event: then that of the next one is written straight away. */
  #writes = false

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Throws, or rejects, with what is wrong; nothing has been sent then. A promise only if a schema takes time. */
  prepare(
    topic: string,
    type: string,
    payload: unknown,
    options: PublishOptions = {},
  ): EventMessage | Promise<EventMessage> {
    this.#assertTopic(topic)
    const { schemas } = this.#options
    if (schemas === undefined) return this.#message(topic, type, payload, options)
    const schema = schemaOf(schemas, topic, type)
    if (schema === undefined) throw new EventInvalidError(topic, type, ['no such event is defined'])
    const checked = (result: SchemaResult<unknown>): EventMessage => {
      if (result.issues !== undefined) throw new EventInvalidError(topic, type, issueLines(result.issues))
      return this.#message(topic, type, payload, options)
    }
    const result = schema['~standard'].validate(payload)
    return isThenable(result) ? result.then(checked) : checked(result)
  }

  /** All or none: rejects with the first thing that is wrong. */
  prepareAll(topic: string, entries: readonly BatchEntry<string, unknown>[]): Promise<EventMessage[]> {
    const prepare = ({
      type,
      payload,
      ...options
    }: BatchEntry<string, unknown>): EventMessage | Promise<EventMessage> => {
      try {
        return this.prepare(topic, type, payload, options)
      } catch (error) {
        // Not thrown: others may take time already, and somebody has to wait for them.
        return Promise.reject(error)
      }
    }
    return Promise.all(entries.map(prepare))
  }

  send(messages: readonly EventMessage[], signal: AbortSignal | undefined): Promise<void> {
    const stored = signal === undefined ? this.#options.adapter.publish(messages) : this.#sendUntil(messages, signal)
    this.#writes = messages[0]?.written === true
    return stored
  }

  async #sendUntil(messages: readonly EventMessage[], signal: AbortSignal): Promise<void> {
    const { adapter } = this.#options
    const topic = messages[0]?.topic ?? ''
    const failures = (stored: 'no' | 'unknown'): PublishError =>
      new PublishError(
        topic,
        messages.map((_, index) => ({ index, stored, cause: signal.reason })),
      )
    if (signal.aborted) throw failures('no')
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(failures('unknown'))
      signal.addEventListener('abort', abort, { once: true })
      adapter
        .publish(messages)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', abort))
    })
  }

  #message(topic: string, type: string, payload: unknown, options: PublishOptions): EventMessage {
    if (typeof type !== 'string' || type === '')
      throw new EventInvalidError(topic, String(type), ['the type must be a text that is not empty'])
    const { key } = options
    if (key !== undefined && (typeof key !== 'string' || key === '' || !key.isWellFormed())) {
      throw new EventInvalidError(topic, type, ['the key must be a text that is not empty and has no half surrogates'])
    }
    const json = this.#json(topic, type, 'payload', payload, this.#writes)
    const message = new EventMessage(
      topic,
      type,
      json,
      this.#metadata(topic, type, options.metadata),
      key,
      this.#notBefore(topic, type, options),
    )
    this.#assertSize(message, json, options.metadata)
    return message
  }

  #json(topic: string, type: string, name: string, value: unknown, written: boolean): JsonValue {
    try {
      return written ? JsonValue.written(value) : JsonValue.copied(value)
    } catch (cause) {
      const problem = unwritable(value, name) ?? (cause as Error).message
      throw new EventInvalidError(topic, type, [`it cannot be written as JSON: ${problem}`], { cause })
    }
  }

  #metadata(topic: string, type: string, given: Partial<EventMetadata> | undefined): EventMetadata {
    const { clock, source } = this.#options
    const metadata: Record<string, unknown> = { eventId: '', timestamp: '', source }
    // A flow goes on over another bus as well.
    const handled = frames.getStore()?.metadata
    if (handled !== undefined) {
      const { correlationId, eventId } = handled
      if (correlationId !== undefined) metadata['correlationId'] = correlationId
      metadata['causationId'] = eventId
    }
    if (given !== undefined) {
      for (const name of Object.keys(given)) {
        const value = given[name]
        if (typeof value === 'string') setMember(metadata, name, value)
        else if (!isAttribute(name))
          this.#addMetadata(metadata, name, this.#json(topic, type, `metadata.${name}`, value, false).value)
        else if (value !== undefined && value !== null)
          throw new EventInvalidError(topic, type, [`metadata.${name}: it must be a text`])
      }
    }
    metadata['source'] ||= source
    metadata['eventId'] ||= clock.uuid()
    metadata['timestamp'] ||= isoTime(clock.now())
    return metadata as EventMetadata
  }

  #addMetadata(metadata: Record<string, unknown>, name: string, value: unknown): void {
    if (value !== undefined) setMember(metadata, name, value)
  }

  #notBefore(topic: string, type: string, { delayMs, deliverAt }: PublishOptions): number | undefined {
    if (delayMs === undefined && deliverAt === undefined) return undefined
    const due = delayMs === undefined ? deliverAt?.getTime() : this.#options.clock.now() + delayMs
    if (typeof due === 'number' && Number.isFinite(due)) return due
    throw new EventInvalidError(topic, type, [
      delayMs === undefined
        ? 'deliverAt: it must be a valid date'
        : 'delayMs: it must be a finite number of milliseconds',
    ])
  }

  /** Counts bytes only of what could be too large. */
  #assertSize(message: EventMessage, payload: JsonValue, given: Partial<EventMetadata> | undefined): void {
    const { topic } = message
    const { maxPayloadBytes } = this.#options
    if (payload.maxBytes > maxPayloadBytes) {
      const bytes = Buffer.byteLength(payload.text ?? '')
      if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(topic, bytes, maxPayloadBytes)
    }
    if (given === undefined || snapshot(given).maxBytes <= metadataBytes) return
    const bytes = Buffer.byteLength(JSON.stringify(message.metadata))
    if (bytes > metadataBytes) throw new PayloadTooLargeError(topic, bytes, metadataBytes)
  }

  #assertTopic(topic: string): void {
    if (this.#validTopics.has(topic)) return
    assertPublishableTopic(topic)
    if (this.#validTopics.size < rememberedTopics) this.#validTopics.add(topic)
  }
}

/** The event as its publisher gets it back; its own to change. */
export function publishedEvent({ type, metadata }: EventMessage, payload: unknown): BaseEvent {
  return { type, payload, metadata: { ...metadata } }
}
