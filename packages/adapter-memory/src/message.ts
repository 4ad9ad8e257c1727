import type { Headers, Message, StoredMessage } from '@bus/core/spi'

const encoder = new TextEncoder()
// Enough for Number.MAX_SAFE_INTEGER, so that positions compare as text.
const positionDigits = 16

/** A message in the log. It refers to what was published instead of copying it, and turns it into bytes only when asked. */
export class MemoryMessage implements StoredMessage {
  readonly origin: Message
  /** Its place in the topic's log, from 1. */
  readonly sequence: number
  readonly storedAt: number
  /** How many groups have passed it and not settled it: it may not leave the log before they have. */
  holds = 0

  constructor(origin: Message, sequence: number, storedAt: number) {
    this.origin = origin
    this.sequence = sequence
    this.storedAt = storedAt
  }

  get topic(): string {
    return this.origin.topic
  }

  get key(): string | undefined {
    return this.origin.key
  }

  get headers(): Headers {
    return this.origin.headers
  }

  get notBefore(): number | undefined {
    return this.origin.notBefore
  }

  get retention(): 'kept' | undefined {
    return this.origin.retention
  }

  get body(): Uint8Array {
    const { body } = this.origin
    return typeof body === 'string' ? encoder.encode(body) : body
  }

  get position(): string {
    return String(this.sequence).padStart(positionDigits, '0')
  }
}

/** `undefined`: not a position of this adapter. */
export function sequenceOf(position: string): number | undefined {
  return /^\d{1,16}$/.test(position) ? Number(position) : undefined
}
