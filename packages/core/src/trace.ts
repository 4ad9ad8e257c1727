import type { BaseEvent } from './events.ts'
import { type HistoryHost, storedEvents } from './history.ts'

/** One event of a flow, and where it is stored. */
export interface TracedEvent extends BaseEvent {
  readonly topic: string
  readonly key: string | undefined
  readonly position: string
  /** By the backend's clock, ISO 8601. */
  readonly storedAt: string
}

export interface TraceOptions {
  /** Inclusive; default: from the beginning. A trace reads everything in between. */
  readonly from?: Date | undefined
  /** Exclusive; default: what is stored when reading starts. */
  readonly to?: Date | undefined
  /** A pattern; default `'*'`: all topics. */
  readonly topics?: string | undefined
}

/** The events of one flow, in the order in which they were stored. */
export async function* trace(
  host: HistoryHost,
  correlationId: string,
  { topics = '*', ...bounds }: TraceOptions = {},
): AsyncGenerator<TracedEvent> {
  for await (const { event, message } of storedEvents(host, topics, { ...bounds, correlationId })) {
    const { topic, key, position, storedAt } = message
    yield { ...event, topic, key, position, storedAt: new Date(storedAt).toISOString() }
  }
}
