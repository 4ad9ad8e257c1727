import type { BaseEvent, EventMetadata } from '../events.ts'

/** Attributes of CloudEvents 1.0 (spec.md §3.1; extension names are lower case) and the metadata they stand for. */
interface Envelope {
  specversion: '1.0'
  id: string
  source: string
  type: string
  subject: string
  time: string
  /** The partitioning extension. */
  partitionkey?: string | undefined
  correlationid?: string | undefined
  causationid?: string | undefined
  userid?: string | undefined
  /** The distributed tracing extension. */
  traceparent?: string | undefined
  tracestate?: string | undefined
  /** What metadata has beyond the above, as JSON text: an attribute may not hold an object. */
  metadata?: string | undefined
  data?: unknown
}

const attributeOf: Readonly<Record<string, keyof Envelope>> = {
  eventId: 'id',
  timestamp: 'time',
  source: 'source',
  correlationId: 'correlationid',
  causationId: 'causationid',
  userId: 'userid',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
}

/** The event as CloudEvents JSON, structured mode. */
export function encodeEnvelope(topic: string, key: string | undefined, event: BaseEvent): string {
  const { metadata } = event
  const envelope: Envelope = {
    specversion: '1.0',
    id: metadata.eventId,
    source: metadata.source,
    type: event.type,
    subject: topic,
    time: metadata.timestamp,
    partitionkey: key,
    correlationid: metadata.correlationId,
    causationid: metadata.causationId,
    userid: metadata.userId,
    traceparent: metadata.traceparent,
    tracestate: metadata.tracestate,
    metadata: encodeRest(metadata),
    data: event.payload,
  }
  return JSON.stringify(envelope)
}

function encodeRest(metadata: EventMetadata): string | undefined {
  let rest: Record<string, unknown> | undefined
  for (const name in metadata) if (attributeOf[name] === undefined) (rest ??= {})[name] = metadata[name]
  return rest === undefined ? undefined : JSON.stringify(rest)
}

/** `undefined` if `value` is no CloudEvents envelope; a text that says what is wrong with one that is broken. */
export function readEnvelope(value: unknown): BaseEvent | string | undefined {
  if (typeof value !== 'object' || value === null || !('specversion' in value)) return undefined
  return readAttributes(value as Record<string, unknown>, (value as Envelope).data)
}

/** Attributes from wherever they stood: the envelope, or headers in binary mode. */
export function readAttributes(attributes: Readonly<Record<string, unknown>>, data: unknown): BaseEvent | string {
  if (!String(attributes['specversion']).startsWith('1.')) return `specversion ${JSON.stringify(attributes['specversion'])} is not 1.x`
  for (const name of ['id', 'source', 'type']) {
    if (typeof attributes[name] !== 'string' || attributes[name] === '') return `the attribute "${name}" is missing`
  }
  const metadata: Record<string, unknown> = readRest(attributes['metadata'])
  for (const name in attributeOf) {
    const value = attributes[attributeOf[name] as string]
    if (value !== undefined) metadata[name] = value
  }
  metadata['timestamp'] ??= new Date(0).toISOString()
  return { type: attributes['type'] as string, payload: data, metadata: metadata as EventMetadata }
}

function readRest(text: unknown): Record<string, unknown> {
  if (typeof text !== 'string') return {}
  try {
    const rest: unknown = JSON.parse(text)
    return typeof rest === 'object' && rest !== null && !Array.isArray(rest) ? { ...rest } : { metadata: text }
  } catch {
    return { metadata: text }
  }
}
