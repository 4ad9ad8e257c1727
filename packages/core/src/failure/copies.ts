import type { FailureKind } from '../events.ts'
import type { StoredMessage } from '../spi/message.ts'
import { errorText } from '../util/error-text.ts'
import { CopyMessage } from '../wire/event-message.ts'
import { header } from '../wire/headers.ts'

/** What is known of a failure when its copy is made. Times in epoch milliseconds. */
export interface Failure {
  readonly topic: string
  readonly group: string | undefined
  /** Starts so far. */
  readonly attempts: number
  readonly firstFailureAt: number
  readonly lastFailureAt: number
  readonly error: unknown
  /** Deaths of its process so far; default 0. */
  readonly deaths?: number | undefined
}

const stackBytes = 8 * 1024
const messageLength = 1_024

/** For the group's retry topic: not to be handled before `notBefore`. */
export function retryCopy(to: string, source: StoredMessage, failure: Failure, notBefore: number): CopyMessage {
  return new CopyMessage(
    to,
    source,
    {
      ...source.headers,
      [header.attempt]: String(failure.attempts + 1),
      ...(failure.deaths ? { [header.deaths]: String(failure.deaths) } : {}),
      [header.deadFirst]: String(failure.firstFailureAt),
      [header.deadPosition]: originalPosition(source),
    },
    { notBefore },
  )
}

/**
 * For the dead letter topic. On a second death the place of the first one stays, and the last error counts.
 * An event near a backend's size limit may leave no room for the stack.
 */
export function deadCopy(
  to: string,
  source: StoredMessage,
  failure: Failure,
  reason: FailureKind,
  withStack: boolean = true,
): CopyMessage {
  const { error } = failure
  const {
    [header.attempt]: _attempt,
    [header.deaths]: _deaths,
    [header.notBefore]: _notBefore,
    [header.deadStack]: _stack,
    ...kept
  } = source.headers as Record<string, string>
  const headers: Record<string, string> = {
    ...kept,
    [header.deadReason]: reason,
    [header.deadError]: errorText(error).slice(0, messageLength).toWellFormed(),
    [header.deadTopic]: source.headers[header.deadTopic] ?? failure.topic,
    [header.deadAttempts]: String(failure.attempts),
    [header.deadFirst]: String(failure.firstFailureAt),
    [header.deadLast]: String(failure.lastFailureAt),
    [header.deadPosition]: originalPosition(source),
  }
  const group = source.headers[header.deadTopic] === undefined ? failure.group : source.headers[header.deadGroup]
  if (group !== undefined) headers[header.deadGroup] = group
  if (withStack && error instanceof Error && error.stack !== undefined)
    headers[header.deadStack] = cut(error.stack, stackBytes)
  return new CopyMessage(to, source, headers, { retention: 'kept' })
}

/** For a group's retry topic: an event of the past once more, for this group alone. */
export function replayCopy(to: string, source: StoredMessage): CopyMessage {
  const headers = { ...source.headers, [header.replayed]: '1', [header.deadPosition]: originalPosition(source) }
  return new CopyMessage(to, source, headers)
}

/**
 * A dead letter once more, as if it had never been tried. For its group's retry topic it keeps where and when it failed
 * first; for all groups (`toTopic`) that is nobody else's affair.
 */
export function redriveCopy(to: string, source: StoredMessage, redrives: number, toTopic: boolean): CopyMessage {
  const headers: Record<string, string> = { ...source.headers, [header.redrives]: String(redrives) }
  for (const name of lastDeath) delete headers[name]
  if (toTopic) for (const name of firstDeath) delete headers[name]
  return new CopyMessage(to, source, { ...headers, [header.deadPosition]: originalPosition(source) })
}

const lastDeath = [
  header.attempt,
  header.deaths,
  header.notBefore,
  header.deadReason,
  header.deadError,
  header.deadStack,
  header.deadAttempts,
  header.deadLast,
]
const firstDeath = [header.deadTopic, header.deadGroup, header.deadFirst]

/** Once more, to the tail of a topic: it leaves its place to those that are due earlier. */
export function sameCopy(source: StoredMessage, to: string): CopyMessage {
  const headers =
    to === source.topic ? source.headers : { ...source.headers, [header.deadPosition]: originalPosition(source) }
  return new CopyMessage(to, source, headers, source.notBefore === undefined ? {} : { notBefore: source.notBefore })
}

function originalPosition({ headers, position }: StoredMessage): string {
  return headers[header.deadPosition] ?? position
}

function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text)
  return encoded.length <= bytes
    ? text
    : encoded
        .subarray(0, bytes)
        .toString()
        .replace(/\uFFFD+$/, '')
}
