import { PublishError } from './errors.ts'
import type { EventMetadata } from './events.ts'
import type { PublishOptions } from './publish.ts'
import type { EventMessage } from './wire/event-message.ts'

/** An event on its way out. `payload`, `metadata` and `key` may be changed; what they become is checked like any other. */
export interface OutgoingEvent {
  readonly topic: string
  readonly type: string
  // As the application gave it; whoever changes it knows what it is.
  payload: unknown
  /** After `next` a copy of what is stored: what was absent has been filled in. */
  metadata: Partial<EventMetadata>
  key: string | undefined
}

/**
 * Runs around the publishing of every event, the first one added outermost. `next` resolves when the event is stored, and
 * rejects if it is not. A middleware that throws, or does not call `next`, keeps it from being published: `publish()`
 * rejects.
 */
export type PublishMiddleware = (event: OutgoingEvent, next: () => Promise<void>) => void | Promise<void>

/** A middleware that is there at times only. */
export interface SwitchedPublishMiddleware {
  readonly publish: PublishMiddleware
  /** Asked at every `publish()`: while it returns false, it is as if the middleware were not there. Must not throw. */
  readonly when: () => boolean
}

/** Those that are there now; while there are none, nothing is allocated. */
export function active(
  middleware: readonly (PublishMiddleware | SwitchedPublishMiddleware)[],
): readonly PublishMiddleware[] {
  return middleware.some(isOn) ? middleware.filter(isOn).map(plain) : none
}

const none: readonly PublishMiddleware[] = []

function isOn(middleware: PublishMiddleware | SwitchedPublishMiddleware): boolean {
  return typeof middleware === 'function' || middleware.when()
}

function plain(middleware: PublishMiddleware | SwitchedPublishMiddleware): PublishMiddleware {
  return typeof middleware === 'function' ? middleware : middleware.publish
}

export interface Outgoing {
  readonly type: string
  readonly payload: unknown
  readonly options: PublishOptions
}

type Prepare = (outgoing: Outgoing) => EventMessage | Promise<EventMessage>
type Send = (messages: readonly EventMessage[]) => Promise<void>

/** All or none: they are sent together, when each has come through; the first that does not stops them all. */
export async function throughMiddleware(
  middleware: readonly PublishMiddleware[],
  topic: string,
  outgoing: readonly Outgoing[],
  prepare: Prepare,
  send: Send,
): Promise<EventMessage[]> {
  const messages: EventMessage[] = []
  const gate = new Gate(outgoing.length, () => send(messages))
  const one = async ({ type, payload, options }: Outgoing, index: number): Promise<void> => {
    const event: OutgoingEvent = { topic, type, payload, metadata: { ...options.metadata }, key: options.key }
    const store = async (): Promise<void> => {
      if (messages[index] !== undefined) throw new Error('a middleware called next() twice')
      const { metadata, key } = event
      const message = await prepare({ type, payload: event.payload, options: { ...options, metadata, key } })
      messages[index] = message
      event.metadata = { ...message.metadata }
      await gate.arrive()
    }
    const run = middleware.reduceRight<() => Promise<void>>((next, around) => async () => around(event, next), store)
    try {
      await run()
      if (messages[index] === undefined) throw keptBack(topic, index)
    } catch (error) {
      gate.fail(error)
      throw error
    }
  }
  await Promise.all(outgoing.map(one))
  return messages
}

function keptBack(topic: string, index: number): PublishError {
  const cause = new Error('a middleware did not let it through')
  return new PublishError(topic, [{ index, stored: 'no', cause }])
}

/** Opens for all when the last one is there. */
class Gate {
  readonly #sent: Promise<void>
  #open!: () => void
  #close!: (error: unknown) => void
  #missing: number

  constructor(count: number, send: () => Promise<void>) {
    this.#missing = count
    this.#sent = new Promise<void>((resolve, reject) => {
      this.#open = resolve
      this.#close = reject
    }).then(send)
    // Whoever never arrives never learns of it.
    this.#sent.catch(() => {})
  }

  arrive(): Promise<void> {
    if (--this.#missing === 0) this.#open()
    return this.#sent
  }

  fail(error: unknown): void {
    this.#close(error)
  }
}
