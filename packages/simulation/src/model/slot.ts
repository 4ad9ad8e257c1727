import type { Member } from './member.ts'

/** What has one owner at a time: a key, or a partition. */
export interface Slot {
  readonly name: string
  owner: Member | undefined
  /** It is being handed over: nothing of it is lent. */
  moving: boolean
  /** Loans of it that are open. */
  lent: number
}

/** Who may have what. */
export interface Sharing {
  slotOf(key: string | undefined, sequence: number): Slot | undefined
  mayLend(slot: Slot, member: Member): boolean
  /** One of its loans has begun. */
  lent(slot: Slot, member: Member): void
  /** One of its loans has ended. */
  freed(slot: Slot): void
  joined(member: Member): void
  left(member: Member): void
  rebalance(): void
}
