import type { Headers, Message, StoredMessage } from '@bus/core/spi'
import type { Fact } from '../oracle/fact.ts'
import type { Progress } from '../oracle/progress.ts'

/** A message in the log of a topic. */
export interface Stored {
  /** Over all topics, so that a position names one message. */
  readonly sequence: number
  readonly topic: string
  readonly key: string | undefined
  readonly headers: Headers
  readonly body: Uint8Array
  readonly notBefore: number | undefined
  readonly retention: 'kept' | undefined
  readonly storedAt: number
  readonly origin: Message | undefined
  /** What the oracle knows: which event it is, and where it stands if it is a copy. */
  readonly fact: Fact
  readonly progress: Progress | undefined
}

export function positionOf(sequence: number): string {
  return String(sequence).padStart(6, '0')
}

const notBeforeHeader = 'bus-not-before'

/** As a consumer gets to see it: a fresh object for every loan, which tells loans apart. */
export function messageOf(stored: Stored, inHeader: boolean): StoredMessage {
  const { topic, key, body, storedAt, notBefore, origin, retention } = stored
  const moved = inHeader && notBefore !== undefined
  const headers = moved ? { ...stored.headers, [notBeforeHeader]: String(notBefore) } : stored.headers
  const position = positionOf(stored.sequence)
  return { topic, key, headers, body, storedAt, position, origin, retention, notBefore: moved ? undefined : notBefore }
}
