import type { BaseEvent, FailureMetadata } from '../events.ts'
import type { StoredMessage } from '../spi/message.ts'
import { BROADCAST, derivedTopic } from '../spi/topics.ts'
import { decodeEvent, failureOf } from '../wire/decode.ts'
import { header } from '../wire/headers.ts'

/** An event that failed for good, and what is known of it. */
export interface DeadLetter extends FailureMetadata {
  /** What `get`, `redrive` and `discard` call it by; it names the dead letter topic and the place there. */
  readonly id: string
  /** Where it is stored. */
  readonly dlqTopic: string
  /** Where it failed, and where a redrive leads back to. */
  readonly topic: string
  /** Which group failed; `undefined`: a subscription without one. */
  readonly group: string | undefined
  readonly key: string | undefined
  /** `undefined`: it could not be read as an event; then `body` has its bytes. */
  readonly event: BaseEvent | undefined
  readonly body: Uint8Array | undefined
  /** When it became a dead letter, by the backend's clock, ISO 8601. */
  readonly deadAt: string
  /** How often it has been redriven so far. */
  readonly redrives: number
  /** It was to be redriven more often than allowed: from now on only with `force`. */
  readonly parked: boolean
}

/** `undefined`: something else that somebody stored in the topic. */
export function deadLetterOf(message: StoredMessage, parked: boolean): DeadLetter | undefined {
  const { headers, topic: dlqTopic, position, key } = message
  if (headers[header.deadReason] === undefined) return undefined
  const event = readable(message)
  return {
    ...failureOf(headers),
    ...whereItFailed(message),
    id: idOf(dlqTopic, position),
    dlqTopic,
    key,
    event,
    body: event === undefined ? message.body : undefined,
    deadAt: new Date(message.storedAt).toISOString(),
    redrives: Number(headers[header.redrives]) || 0,
    parked,
  }
}

export function idOf(dlqTopic: string, position: string): string {
  return `${dlqTopic}/${position}`
}

/** `undefined`: not the id of a dead letter. */
export function placeOf(id: string): { readonly dlqTopic: string; readonly position: string } | undefined {
  const slash = typeof id === 'string' ? id.indexOf('/') : -1
  return slash < 1 ? undefined : { dlqTopic: id.slice(0, slash), position: id.slice(slash + 1) }
}

function readable(message: StoredMessage): BaseEvent | undefined {
  try {
    return decodeEvent(message)
  } catch {
    return undefined
  }
}

/**
 * Headers tell of the first death. An event that died a second time, as a dead letter, failed where the name of the topic
 * says.
 */
function whereItFailed({ topic: dlqTopic, headers }: StoredMessage): Pick<DeadLetter, 'topic' | 'group'> {
  const first = { topic: headers[header.deadTopic] ?? dlqTopic, group: headers[header.deadGroup] }
  const derived = derivedTopic(dlqTopic)
  if (derived?.kind !== 'dlq' || derived.parent === first.topic) return first
  return { topic: derived.parent, group: derived.group === BROADCAST ? undefined : derived.group }
}
