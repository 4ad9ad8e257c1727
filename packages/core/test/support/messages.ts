import type { Delivery } from '../../src/spi/consume.ts'
import type { Message, StoredMessage } from '../../src/spi/message.ts'

const encoder = new TextEncoder()

export function stored(body: string | Uint8Array, extra: Partial<StoredMessage> = {}): StoredMessage {
  return {
    topic: 'topic',
    headers: {},
    position: '7',
    storedAt: 1_700_000_000_000,
    ...extra,
    body: typeof body === 'string' ? encoder.encode(body) : body,
  }
}

/** As a backend gives back what was published. */
export function storedCopy(message: Message, position: string = '7'): StoredMessage {
  const { topic, key, headers, body, notBefore } = message
  return stored(body, { topic, key, headers, notBefore, position })
}

/** A delivery that writes down what becomes of it. */
export class FakeDelivery implements Delivery {
  readonly message: StoredMessage
  readonly redeliveries: number
  readonly note: string | undefined
  readonly log: string[]
  ackError: Error | undefined

  constructor(
    message: StoredMessage = stored('{}'),
    { log = [], redeliveries = 0, note }: { log?: string[]; redeliveries?: number; note?: string | undefined } = {},
  ) {
    this.message = message
    this.redeliveries = redeliveries
    this.note = note
    this.log = log
  }

  async ack(): Promise<void> {
    this.log.push('ack')
    if (this.ackError !== undefined) throw this.ackError
  }

  async release(note?: string): Promise<void> {
    this.log.push(note === undefined ? 'release' : `release ${note}`)
  }
}
