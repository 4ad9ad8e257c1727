import type { Member } from './member.ts'
import type { Sharing, Slot } from './slot.ts'

/** A key belongs to the member that has something of it on loan. */
export class KeyLocks implements Sharing {
  readonly #slots = new Map<string, Slot>()

  slotOf(key: string | undefined): Slot | undefined {
    if (key === undefined) return undefined
    let slot = this.#slots.get(key)
    if (slot === undefined) this.#slots.set(key, (slot = { name: key, owner: undefined, moving: false, lent: 0 }))
    return slot
  }

  mayLend({ owner }: Slot, member: Member): boolean {
    return owner === undefined || owner === member
  }

  lent(slot: Slot, member: Member): void {
    slot.owner = member
    slot.lent++
  }

  freed(slot: Slot): void {
    if (--slot.lent === 0) slot.owner = undefined
  }

  joined(): void {}
  left(): void {}
  rebalance(): void {}
}
