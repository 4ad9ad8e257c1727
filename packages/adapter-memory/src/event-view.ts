import type { StoredMessage } from '@bus/core/spi'

/** An event as the application knows it. */
export interface HistoryEvent {
  readonly type: string
  readonly payload: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Understands the CloudEvents JSON that the bus publishes, nothing else. */
export function eventView(stored: StoredMessage): HistoryEvent {
  const { id, type, source, time, data, correlationid, causationid, userid } = JSON.parse(
    new TextDecoder().decode(stored.body),
  ) as Record<string, unknown>
  const metadata = {
    eventId: id,
    timestamp: time,
    source,
    correlationId: correlationid,
    causationId: causationid,
    userId: userid,
  }
  return {
    type: String(type),
    payload: data,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)),
  }
}
