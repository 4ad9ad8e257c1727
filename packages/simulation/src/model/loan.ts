import { type Delivery, LoanLostError, type Message, PublishError, type StoredMessage } from '@bus/core/spi'
import type { LoanRecord } from '../oracle/loan-record.ts'
import type { Item } from './item.ts'
import type { Member } from './member.ts'
import { messageOf } from './stored.ts'

/** How a loan ended, as the backend sees it. */
export type LoanEnd = 'acknowledged' | 'released' | 'closed' | 'crashed' | 'moved' | 'stolen'

export class Loan implements Delivery {
  readonly redeliveries: number
  readonly note: string | undefined
  readonly item: Item
  readonly member: Member
  /** The oracle's. */
  readonly record: LoanRecord
  readonly forward?: (copy: Message) => Promise<void>
  end: LoanEnd | undefined
  readonly #message: StoredMessage
  /** What was asked of the backend and may not have got there. */
  readonly #asked: (() => void)[] = []

  constructor(item: Item, member: Member) {
    this.item = item
    this.member = member
    this.redeliveries = item.redeliveries
    this.note = item.note
    this.#message = messageOf(item.stored, member.scene.plan.world.notBeforeInHeader)
    this.record = member.scene.oracle.lent(this)
    if (member.scene.plan.world.forward) this.forward = (copy) => this.#forward(copy)
  }

  /** Whoever looks at it last is who is at work: so the oracle knows whose handler starts, and of whom the bus speaks. */
  get message(): StoredMessage {
    this.member.scene.touched = this
    return this.#message
  }

  get position(): string {
    return this.#message.position
  }

  get open(): boolean {
    return this.end === undefined
  }

  ack(): Promise<void> {
    this.member.scene.oracle.settlements.acknowledges(this)
    const { answer, flush } = this.member.acknowledge(this)
    this.#asked.push(flush)
    return answer
  }

  release(note?: string): Promise<void> {
    const { scene, link } = this.member
    scene.oracle.settlements.releases(this, note)
    const { answer, flush } = link.request('release', () => this.#giveBack(note))
    this.#asked.push(flush)
    return this.#doubted(answer)
  }

  /** The end of a loan; a no-op if it is not open. */
  settle(): void {
    if (!this.open) return
    this.#finish('acknowledged')
    this.item.group.done(this.item)
  }

  /** It ends without its holder's doing. */
  lose(how: Exclude<LoanEnd, 'acknowledged' | 'released'>): void {
    if (!this.open) return
    const { item, record } = this
    item.orphan = how === 'crashed' || how === 'stolen'
    // Only what was started is charged.
    if (item.orphan && record.attempts.length > 0) item.redeliveries++
    this.#finish(how)
    item.group.putBack(item)
  }

  /** What was asked failed, and its holder does not come back to it: it stays open until the holder leaves. */
  doubt(): void {
    if (!this.open) return
    this.item.stuck = true
    this.item.group.poke()
  }

  /** What was asked takes effect now. */
  flush(): void {
    for (const flush of this.#asked) flush()
  }

  toString(): string {
    return this.#message.position
  }

  #forwarded(): void {
    this.record.settled ??= 'forwarded'
    this.member.hand.delete(this)
  }

  #doubted(answer: Promise<void>): Promise<void> {
    return answer.catch((error: unknown) => {
      this.doubt()
      throw error
    })
  }

  #giveBack(note: string | undefined): void {
    if (!this.open) return
    this.#finish('released')
    this.item.note = note
    this.item.group.putBack(this.item)
  }

  async #forward(copy: Message): Promise<void> {
    const { scene, link } = this.member
    scene.oracle.forwards(this, copy)
    let lost = false
    const { answer, flush } = link.request('copy', () => {
      if (!this.open) {
        lost = true
        return
      }
      scene.broker.append(copy)
      this.settle()
    })
    this.#asked.push(flush)
    await answer.catch((cause: unknown) => {
      throw new PublishError(copy.topic, [{ index: 0, stored: 'unknown', cause }])
    })
    this.#forwarded()
    if (!lost) return
    if (this.record.attempts.length > 0) this.member.subscription.process.tally.lost++
    throw new LoanLostError(this.#message.topic, this.position)
  }

  #finish(how: LoanEnd): void {
    this.end = how
    this.item.state = 'waiting'
    this.member.loans.delete(this)
    this.member.scene.oracle.loanEnded(this, how)
    this.item.group.freed(this.item)
  }
}
