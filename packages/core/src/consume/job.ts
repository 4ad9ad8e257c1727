import type { Delivery } from '../spi/consume.ts'
import { header } from '../wire/headers.ts'

/** One delivery on its way through a subscription. */
export class Job {
  readonly delivery: Delivery
  /** Number of the next start, or of the one that runs. */
  attempt: number
  /** Epoch milliseconds. */
  firstFailureAt: number | undefined
  /** What it waits behind others for; taken off when its key need not wait for it. */
  key: string | undefined
  settled = false

  constructor(delivery: Delivery) {
    this.delivery = delivery
    const { headers } = delivery.message
    const note = delivery.note === undefined ? undefined : readNote(delivery.note)
    this.attempt = note?.attempt ?? count(headers[header.attempt]) ?? 1
    this.firstFailureAt = note?.firstFailureAt ?? count(headers[header.deadFirst])
    this.key = delivery.message.key
  }

  /** What a later loan must know to go on counting; nothing as long as it never failed. */
  get note(): string | undefined {
    return this.firstFailureAt === undefined ? undefined : `${this.attempt} ${this.firstFailureAt}`
  }
}

function readNote(note: string): { attempt: number; firstFailureAt: number } | undefined {
  const found = /^(\d+) (\d+)$/.exec(note)
  return found === null ? undefined : { attempt: Number(found[1]), firstFailureAt: Number(found[2]) }
}

/** Headers may have been written by others. */
function count(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined
}
