import { MessageUnreadableError } from '../errors.ts'
import type { BaseEvent, EventMetadata, FailureKind, FailureMetadata } from '../events.ts'
import type { Headers, StoredMessage } from '../spi/message.ts'
import { derivedTopic } from '../spi/topics.ts'
import { clone } from '../util/json.ts'
import { readAttributes, readEnvelope } from './envelope.ts'
import { CopyMessage, EventMessage } from './event-message.ts'
import { header } from './headers.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The event in a stored message, fresh at every call: a handler may do with it what it likes.
 * Understands CloudEvents in structured and in binary mode, and plain JSON of others.
 * @throws MessageUnreadableError
 */
export function decodeEvent(message: StoredMessage): BaseEvent {
  const event = known(message) ?? parse(message)
  return message.headers[header.deadReason] === undefined ? event : withFailure(event, message)
}

/** What this process published itself needs no decoding where the message never left it. */
function known({ origin }: StoredMessage): BaseEvent | undefined {
  if (origin instanceof EventMessage) {
    const { type, payload, metadata } = origin
    return { type, payload: typeof payload === 'object' ? clone(payload) : payload, metadata: clone(metadata) }
  }
  return origin instanceof CopyMessage ? known(origin.source) : undefined
}

function parse(message: StoredMessage): BaseEvent {
  const binary = binaryAttributes(message)
  const data = binary === undefined ? parseJson(message) : binaryData(message)
  const event = binary === undefined ? readEnvelope(data) : readAttributes(binary, data)
  if (typeof event === 'string') throw new MessageUnreadableError(message.topic, message.position, event)
  return event ?? foreign(message, data)
}

function parseJson({ topic, position, body }: StoredMessage): unknown {
  if (body.length === 0) throw new MessageUnreadableError(topic, position, 'it is empty')
  try {
    return JSON.parse(utf8.decode(body))
  } catch (cause) {
    throw new MessageUnreadableError(topic, position, 'it is not JSON text', { cause })
  }
}

/** In binary mode the body may be anything, or nothing; the content type tells. */
function binaryData(message: StoredMessage): unknown {
  const { headers, body } = message
  const type = headers['content-type']
  if (body.length === 0) return undefined
  if (type === undefined || /[/+]json *(;|$)/i.test(type)) return parseJson(message)
  return /^text\//i.test(type) ? new TextDecoder().decode(body) : Uint8Array.from(body)
}

/** CloudEvents in binary mode, as log brokers bind it: attributes are headers that begin with `ce_`. */
function binaryAttributes({ headers }: StoredMessage): Record<string, string> | undefined {
  if (headers['ce_specversion'] === undefined) return undefined
  const attributes: Record<string, string> = {}
  for (const name in headers) if (name.startsWith('ce_')) attributes[name.slice(3)] = headers[name] as string
  return attributes
}

/** Not published by a bus: the place where it is stored identifies it. */
function foreign(message: StoredMessage, data: unknown): BaseEvent {
  const { storedAt, headers } = message
  const metadata: EventMetadata = {
    eventId: headers['id'] ?? firstPlaceOf(message),
    timestamp: new Date(storedAt).toISOString(),
    source: headers['source'] ?? 'foreign',
  }
  return { type: headers['type'] ?? 'foreign', payload: data, metadata }
}

/** Where it was before the bus made copies of it. */
function firstPlaceOf({ topic, position, headers }: StoredMessage): string {
  const first = headers[header.deadPosition]
  if (first === undefined) return `${topic}/${position}`
  return `${headers[header.deadTopic] ?? derivedTopic(topic)?.parent ?? topic}/${first}`
}

function withFailure(event: BaseEvent, { headers }: StoredMessage): BaseEvent {
  return { ...event, metadata: { ...event.metadata, ...failureOf(headers) } }
}

/** What a dead letter's headers tell about its failure, under the names of the metadata. */
export function failureOf(headers: Headers): FailureMetadata {
  const time = (name: string): string | undefined => {
    const date = new Date(Number(headers[name]))
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
  }
  const error = headers[header.deadError] ?? ''
  const colon = error.indexOf(': ')
  return {
    failureReason: colon < 0 ? error : error.slice(colon + 2),
    failureKind: headers[header.deadReason] as FailureKind,
    errorName: colon < 0 ? undefined : error.slice(0, colon),
    errorStack: headers[header.deadStack],
    originalTopic: headers[header.deadTopic],
    originalGroup: headers[header.deadGroup],
    originalPosition: headers[header.deadPosition],
    attempts: Number(headers[header.deadAttempts]) || 0,
    firstFailureAt: time(header.deadFirst),
    lastFailureAt: time(header.deadLast),
  }
}
