import type { Delivery, Message } from '@bus/core/spi'
import type { Entry } from '../topics/entry.ts'
import type { LoanStream } from './loan-stream.ts'

/** Whoever lent it, and takes it back. */
export interface Lender {
  acknowledge(loan: Loan): Promise<void>
  giveBack(loan: Loan, note: string | undefined): Promise<void>
  forward(loan: Loan, copy: Message): Promise<void>
}

export const done: Promise<void> = Promise.resolve()

/** One message in the hands of the core. */
export class Loan implements Delivery {
  readonly message: Entry
  readonly redeliveries: number
  readonly note: string | undefined
  readonly stream: LoanStream
  /** Lost with members more than once: lent by itself, and counted. */
  readonly suspect: boolean
  /** Neither settled nor lost. */
  open = true
  readonly #lender: Lender

  constructor(lender: Lender, stream: LoanStream, message: Entry, redeliveries = 0, note?: string, suspect = false) {
    this.#lender = lender
    this.stream = stream
    this.message = message
    this.redeliveries = redeliveries
    this.note = note
    this.suspect = suspect
  }

  ack(): Promise<void> {
    return this.open ? this.#lender.acknowledge(this) : done
  }

  release(note?: string): Promise<void> {
    return this.open ? this.#lender.giveBack(this, note) : done
  }

  forward(copy: Message): Promise<void> {
    return this.#lender.forward(this, copy)
  }
}
