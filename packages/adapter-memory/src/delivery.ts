import { LoanLostError, type Delivery, type Message } from '@bus/core/spi'
import type { Group, OpenMessage } from './group.ts'
import type { MemoryMessage } from './message.ts'

/** The consumer that holds a loan. */
export interface Lender {
  settle(delivery: MemoryDelivery): void
  giveBack(delivery: MemoryDelivery, note: string | undefined): void
  /** Stores a copy and settles the loan in one step. */
  forward(delivery: MemoryDelivery, copy: Message): Promise<void>
}

/** What needs no waiting shares one promise. */
export const done: Promise<void> = Promise.resolve()

export class MemoryDelivery implements Delivery, OpenMessage {
  readonly message: MemoryMessage
  readonly group: Group
  readonly note: string | undefined
  /** Its place among the open ones of its consumer; -1 once it is none of them. */
  index: number
  readonly #lender: Lender

  constructor(message: MemoryMessage, group: Group, note: string | undefined, index: number, lender: Lender) {
    this.message = message
    this.group = group
    this.note = note
    this.index = index
    this.#lender = lender
  }

  /** Log and consumers live and die together. */
  get redeliveries(): number {
    return 0
  }

  ack(): Promise<void> {
    if (this.index >= 0) this.#lender.settle(this)
    return done
  }

  release(note?: string): Promise<void> {
    if (this.index >= 0) this.#lender.giveBack(this, note)
    return done
  }

  forward(copy: Message): Promise<void> {
    if (this.index < 0) return Promise.reject(new LoanLostError(this.message.topic, this.message.position))
    return this.#lender.forward(this, copy)
  }
}
