import type { Delivery } from '../spi/consume.ts'
import { header } from '../wire/headers.ts'

/** One delivery on its way through a subscription. */
export class Job {
  readonly delivery: Delivery
  /** Number of the next start, or of the one that runs. */
  attempt: number
  /** Epoch milliseconds. */
  firstFailureAt: number | undefined
  /** How often its process died while it was handled, before it came here as a copy included. */
  readonly deaths: number
  /** It failed; epoch milliseconds before which it is not started again. */
  heldUntil: number | undefined
  /** What it waits behind others for; taken off when its key need not wait for it. */
  key: string | undefined
  settled = false

  constructor(delivery: Delivery) {
    this.delivery = delivery
    const { headers } = delivery.message
    const note = delivery.note === undefined ? undefined : readNote(delivery.note)
    this.attempt = note?.attempt ?? count(headers[header.attempt]) ?? 1
    this.firstFailureAt = note?.firstFailureAt ?? count(headers[header.deadFirst])
    this.heldUntil = note?.heldUntil
    this.deaths = delivery.redeliveries + (count(headers[header.deaths]) ?? 0)
    this.key = delivery.message.key
  }

  /** What a later loan must know to go on counting and waiting; nothing as long as it never failed. */
  get note(): string | undefined {
    if (this.firstFailureAt === undefined) return undefined
    const held = this.heldUntil === undefined ? '' : ` ${this.heldUntil}`
    return `${this.attempt} ${this.firstFailureAt}${held}`
  }
}

interface Note {
  readonly attempt: number
  readonly firstFailureAt: number
  readonly heldUntil: number | undefined
}

function readNote(note: string): Note | undefined {
  const found = /^([1-9]\d*) (\d+)(?: (\d+))?$/.exec(note)
  if (found === null) return undefined
  const [, attempt, firstFailureAt, heldUntil] = found
  return {
    attempt: Number(attempt),
    firstFailureAt: Number(firstFailureAt),
    heldUntil: heldUntil === undefined ? undefined : Number(heldUntil),
  }
}

/** Headers may have been written by others. */
function count(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined
}
