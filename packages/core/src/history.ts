import type { Hooks } from './consume/hooks.ts'
import { assertPattern, isPattern, matcher } from './consume/pattern.ts'
import { ConfigInvalidError, type ConfigIssue } from './errors.ts'
import type { BaseEvent } from './events.ts'
import type { EventBusAdapter, ReadRange } from './spi/adapter.ts'
import type { StoredMessage } from './spi/message.ts'
import { assertTopic } from './spi/topics.ts'
import { merge } from './util/merge.ts'
import { decodeEvent } from './wire/decode.ts'
import { header } from './wire/headers.ts'

/** Which of the stored events. */
export interface HistoryFilter {
  /** A date (inclusive), or, of one topic, a position (what comes after it); default: from the beginning. */
  readonly from?: Date | string | undefined
  /** Exclusive; default: what is stored when reading starts. */
  readonly to?: Date | undefined
  readonly type?: string | undefined
  readonly correlationId?: string | undefined
  readonly key?: string | undefined
}

export interface HistoryOptions extends HistoryFilter {
  /** Events at most, after filtering. */
  readonly limit?: number | undefined
}

export interface HistoryHost {
  readonly adapter: EventBusAdapter
  readonly hooks: Hooks
}

/** What the backend still holds, in order, without touching any group. What is no event is reported and passed over. */
export async function* history(
  host: HistoryHost,
  topic: string,
  options: HistoryOptions = {},
): AsyncGenerator<BaseEvent> {
  for await (const { event } of storedEvents(host, topic, options)) yield event
}

/** An event, and where it is stored. */
export interface StoredEvent {
  readonly event: BaseEvent
  readonly message: StoredMessage
}

export async function* storedEvents(
  host: HistoryHost,
  topic: string,
  { limit = Number.POSITIVE_INFINITY, ...filter }: HistoryOptions,
): AsyncGenerator<StoredEvent> {
  // Before anything else, so that a wrong name or time is told in any case.
  const messages = storedMessages(host.adapter, topic, filter)
  let left = limit
  if (left <= 0) return
  for await (const message of messages) {
    const event = eventIn(message, filter, host.hooks, 'reading history')
    if (event === undefined || event === 'unreadable') continue
    yield { event, message }
    if (--left === 0) return
  }
}

/** The event if it is asked for. `unreadable`: it is none, and that has been told. */
export function eventIn(
  message: StoredMessage,
  { type, correlationId, key }: HistoryFilter,
  hooks: Hooks,
  operation: string,
): BaseEvent | 'unreadable' | undefined {
  if (key !== undefined && message.key !== key) return undefined
  let event: BaseEvent
  try {
    event = decodeEvent(message)
  } catch (error) {
    hooks.emit('error', { error, operation, topic: message.topic })
    return 'unreadable'
  }
  if (type !== undefined && event.type !== type) return undefined
  return correlationId === undefined || event.metadata.correlationId === correlationId ? event : undefined
}

/** A topic's messages in order, or those of all topics that a pattern sees, by the time they were stored. */
export function storedMessages(
  adapter: EventBusAdapter,
  topic: string,
  { from, to }: HistoryFilter,
): AsyncIterable<StoredMessage> {
  const pattern = isPattern(topic)
  if (pattern) assertPattern(topic)
  else assertTopic(topic)
  assertBounds({ from, to }, pattern)
  const range = (name: string): ReadRange => ({
    topic: name,
    after: typeof from === 'string' ? from : undefined,
    since: from instanceof Date ? from.getTime() : undefined,
    until: to?.getTime(),
  })
  return pattern ? allMatching(adapter, topic, range) : adapter.read(range(topic))
}

function assertBounds({ from, to }: HistoryFilter, pattern: boolean): void {
  const issues: ConfigIssue[] = []
  for (const [name, date] of Object.entries({ from, to })) {
    if (date instanceof Date && Number.isNaN(date.getTime())) issues.push({ name, problem: 'it is no valid date' })
  }
  if (from === '' || (pattern && typeof from === 'string'))
    issues.push({ name: 'from', problem: `"${from}" is no date, and a position belongs to one topic` })
  if (issues.length > 0) throw new ConfigInvalidError(issues)
}

async function* allMatching(
  adapter: EventBusAdapter,
  pattern: string,
  range: (topic: string) => ReadRange,
): AsyncGenerator<StoredMessage> {
  const topics = (await adapter.listTopics()).filter(matcher(pattern, false)).toSorted()
  const all = merge(
    topics.map((topic) => adapter.read(range(topic))),
    (one, other) => one.storedAt - other.storedAt,
  )
  // A topic whose name does not tell may hold dead letters too: the events they are copies of have been seen.
  for await (const message of all) if (message.headers[header.deadReason] === undefined) yield message
}
