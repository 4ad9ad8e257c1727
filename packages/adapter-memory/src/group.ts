import type { GroupState } from '@bus/core/spi'
import type { GroupBook } from './journal.ts'
import type { MemoryMessage } from './message.ts'
import type { Reader, TopicLog } from './topic-log.ts'

/** A message that the cursor of a group has passed and that is not settled. */
export interface OpenMessage {
  readonly group: Group
  readonly message: MemoryMessage
  readonly note: string | undefined
}

/** An open consumer, as its group sees it. */
export interface Member {
  /** What it has on loan. */
  readonly open: readonly OpenMessage[]
  /** It waits in `pull`. */
  readonly idle: boolean
  /** Gives an idle member what there is for it. */
  serve(): void
  lend(group: Group, message: MemoryMessage, note: string | undefined): void
}

/** The members that share a group's work, and which of them has which key. */
export interface Sharing {
  readonly members: readonly Member[]
  /** One for each topic that the members consume. */
  readonly groups: Set<Group>
  /** There are several members: keys must be looked after. */
  readonly keyed: boolean
  join(member: Member): void
  /** To be called when the member's loans were given back. */
  leave(member: Member): void
  /** Serves the members that wait. */
  wake(): void
  /** Lends what was put off because of its key. Returns how much room is left. */
  lendParked(member: Member, room: number): number
  /** Whether `member` may have the next message of `key`; it is then counted as lent. */
  claim(key: string, member: Member): boolean
  /** Puts a message off until its key is free, or its holder asks for more. */
  park(open: OpenMessage): void
  /** One message of `key` is no longer on loan. */
  free(key: string): void
  parked(group: Group): readonly OpenMessage[]
  discard(group: Group): void
}

/** Where a consumer group stands on one topic. It outlives its members. */
export class Group implements Reader {
  readonly topic: string
  readonly log: TopicLog
  readonly sharing: Sharing
  /** Where it is written down what becomes of it, if anywhere. */
  book: GroupBook | undefined
  /** The sequence number of the next message that nobody was given yet. */
  cursor: number
  /** Messages from the group's start on that are not settled. */
  unsettled: number
  #lent = 0
  /** Came back unsettled; in the order of the log. */
  #returned: OpenMessage[] = []

  constructor(topic: string, log: TopicLog, sharing: Sharing, start: number) {
    this.topic = topic
    this.log = log
    this.sharing = sharing
    this.cursor = log.from(start)?.sequence ?? log.next
    this.unsettled = log.countFrom(this.cursor)
  }

  /** Goes on at `cursor`, and with what lies before it and was not settled. */
  restore(cursor: number, notes: ReadonlyMap<number, string | undefined>): void {
    this.cursor = this.log.from(cursor)?.sequence ?? this.log.next
    this.unsettled = this.log.countFrom(this.cursor)
    for (const [sequence, note] of [...notes].sort(([a], [b]) => a - b)) {
      const message = this.log.from(sequence)
      if (sequence >= this.cursor || message?.sequence !== sequence) continue
      message.holds++
      this.unsettled++
      this.#returned.push({ group: this, message, note })
    }
  }

  /** Lends up to `room` messages to `member` and returns how much room is left. */
  take(member: Member, room: number): number {
    let left = this.#returned.length > 0 ? this.#takeReturned(member, room) : room
    const keyed = this.sharing.keyed
    if (keyed) left = this.sharing.lendParked(member, left)
    while (left > 0) {
      const message = this.log.from(this.cursor)
      if (message === undefined) break
      this.cursor = message.sequence + 1
      message.holds++
      const { key } = message
      if (keyed && key !== undefined && !this.sharing.claim(key, member)) {
        this.sharing.park({ group: this, message, note: undefined })
        continue
      }
      this.lend(member, message, undefined)
      left--
    }
    return left
  }

  lend(member: Member, message: MemoryMessage, note: string | undefined): void {
    this.#lent++
    member.lend(this, message, note)
  }

  settle(message: MemoryMessage): void {
    this.book?.settled(message.sequence)
    this.settled(message)
  }

  /** It is written down already. */
  settled(message: MemoryMessage): void {
    this.#lent--
    this.unsettled--
    message.holds--
    this.log.step()
    if (this.sharing.keyed && message.key !== undefined) this.sharing.free(message.key)
  }

  /** Takes a loan back. Whoever calls this wakes the members afterwards. */
  takeBack(open: OpenMessage): void {
    this.#lent--
    const { key } = open.message
    if (this.sharing.keyed && key !== undefined) {
      this.sharing.park(open)
      this.sharing.free(key)
    } else {
      this.putBackAll([open])
    }
  }

  /** Puts open messages at their places among those that came back. */
  putBackAll(opened: readonly OpenMessage[]): void {
    this.#returned = [...this.#returned, ...opened].sort((a, b) => a.message.sequence - b.message.sequence)
  }

  /** Hands over those that came back and have a key. */
  drainKeyed(): readonly OpenMessage[] {
    const keyed = this.#returned.filter(({ message }) => message.key !== undefined)
    this.#returned = this.#returned.filter(({ message }) => message.key === undefined)
    return keyed
  }

  /** As if the group had just been created at the end of the log. */
  reset(): void {
    for (const { message } of [...this.#returned, ...this.sharing.parked(this)]) message.holds--
    this.#returned = []
    this.cursor = this.log.next
    this.sharing.discard(this)
    this.unsettled = 0
  }

  state(now: number): GroupState {
    let oldest = this.log.from(this.cursor)?.storedAt ?? now
    for (const { message } of this.open()) oldest = Math.min(oldest, message.storedAt)
    return { lag: this.unsettled - this.#lent, pending: this.#lent, oldestPendingMs: Math.max(0, now - oldest) }
  }

  /** What the cursor has passed and is not settled. */
  open(): readonly OpenMessage[] {
    const lent = this.sharing.members.flatMap(({ open }) => open.filter(({ group }) => group === this))
    return [...this.#returned, ...this.sharing.parked(this), ...lent]
  }

  #takeReturned(member: Member, room: number): number {
    for (const { message, note } of this.#returned.splice(0, room)) {
      this.lend(member, message, note)
      room--
    }
    return room
  }
}
