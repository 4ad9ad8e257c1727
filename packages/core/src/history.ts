import type { Hooks } from './consume/hooks.ts'
import type { BaseEvent } from './events.ts'
import type { EventBusAdapter } from './spi/adapter.ts'
import { assertTopic } from './spi/topics.ts'
import { decodeEvent } from './wire/decode.ts'

export interface HistoryOptions {
  /** A date (inclusive), or a position (what comes after it); default: from the beginning. */
  readonly from?: Date | string | undefined
  /** Exclusive; default: what is stored when reading starts. */
  readonly to?: Date | undefined
  readonly type?: string | undefined
  readonly correlationId?: string | undefined
  readonly key?: string | undefined
  /** Events at most, after filtering. */
  readonly limit?: number | undefined
}

/** What the backend still holds of a topic, in order, without touching any group. What is no event is reported and passed over. */
export async function* history(
  { adapter, hooks }: { readonly adapter: EventBusAdapter; readonly hooks: Hooks },
  topic: string,
  { from, to, type, correlationId, key, limit = Number.POSITIVE_INFINITY }: HistoryOptions = {},
): AsyncGenerator<BaseEvent> {
  assertTopic(topic)
  if (limit <= 0) return
  let left = limit
  const range = {
    topic,
    after: typeof from === 'string' ? from : undefined,
    since: from instanceof Date ? from.getTime() : undefined,
    until: to?.getTime(),
  }
  for await (const message of adapter.read(range)) {
    if (key !== undefined && message.key !== key) continue
    let event: BaseEvent
    try {
      event = decodeEvent(message)
    } catch (error) {
      hooks.emit('error', { error, operation: 'reading history', topic })
      continue
    }
    if (type !== undefined && event.type !== type) continue
    if (correlationId !== undefined && event.metadata.correlationId !== correlationId) continue
    yield event
    if (--left === 0) return
  }
}
