import type { EventMetadata } from '../events.ts'
import type { Headers, Message, StoredMessage } from '../spi/message.ts'
import type { JsonValue } from '../util/json-value.ts'
import { encodeEnvelope } from './envelope.ts'

const none: Headers = Object.freeze({})

/** A published event on its way: writes its envelope only when somebody needs the text. */
export class EventMessage implements Message {
  readonly topic: string
  readonly key: string | undefined
  readonly type: string
  readonly metadata: EventMetadata
  readonly notBefore: number | undefined
  readonly #payload: JsonValue
  #body: string | undefined

  constructor(
    topic: string,
    type: string,
    payload: JsonValue,
    metadata: EventMetadata,
    key: string | undefined,
    notBefore: number | undefined,
  ) {
    this.topic = topic
    this.type = type
    this.#payload = payload
    this.metadata = metadata
    this.key = key
    this.notBefore = notBefore
  }

  get headers(): Headers {
    return none
  }

  /** A copy: the publisher does not hold it. */
  get payload(): unknown {
    return this.#payload.value
  }

  get body(): string {
    return (this.#body ??= encodeEnvelope(this, this.#payload.text))
  }

  /** Somebody asked for the text. */
  get written(): boolean {
    return this.#body !== undefined
  }
}

/** A stored message once more, for another topic and with other headers; its bytes stay as they are. */
export class CopyMessage implements Message {
  readonly topic: string
  readonly headers: Headers
  readonly notBefore: number | undefined
  readonly retention: 'kept' | undefined
  readonly source: StoredMessage

  constructor(
    topic: string,
    source: StoredMessage,
    headers: Headers,
    { notBefore, retention }: { readonly notBefore?: number; readonly retention?: 'kept' } = {},
  ) {
    this.topic = topic
    this.source = source
    this.headers = headers
    this.notBefore = notBefore
    this.retention = retention
  }

  get key(): string | undefined {
    return this.source.key
  }

  get body(): Uint8Array {
    return this.source.body
  }
}
