import type { Dice } from '../run/dice.ts'
import type { Group } from './group.ts'
import { handOver } from './handover.ts'
import type { Member } from './member.ts'
import type { Sharing, Slot } from './slot.ts'

/** Each partition has one owner; it changes hands when members come and go. */
export class Partitions implements Sharing {
  readonly #group: Group
  readonly #dice: Dice
  readonly #spread: boolean
  readonly #slots: readonly Slot[]
  #running = false
  #again = false

  constructor(group: Group, dice: Dice, count: number, spread: boolean) {
    this.#group = group
    this.#dice = dice
    this.#spread = spread
    this.#slots = Array.from({ length: count }, (_, index) => ({
      name: `#${index}`,
      owner: undefined,
      moving: false,
      lent: 0,
    }))
  }

  slotOf(key: string | undefined, sequence: number): Slot | undefined {
    if (key === undefined && !this.#spread) return undefined
    return this.#slots[(key === undefined ? sequence : key.charCodeAt(0)) % this.#slots.length]
  }

  mayLend({ owner, moving }: Slot, member: Member): boolean {
    return owner === member && !moving
  }

  lent(slot: Slot): void {
    slot.lent++
  }

  freed(slot: Slot): void {
    slot.lent--
  }

  joined(): void {
    this.rebalance()
  }

  left(member: Member): void {
    for (const slot of this.#slots) if (slot.owner === member) slot.owner = undefined
    this.rebalance()
  }

  rebalance(): void {
    if (this.#running) {
      this.#again = true
      return
    }
    const { members } = this.#group
    const givers = new Map<Member, { readonly slot: Slot; readonly to: Member }[]>()
    for (const slot of members.length === 0 ? [] : this.#slots) {
      const to = this.#dice.pick(members)
      if (slot.owner === to) continue
      if (slot.owner === undefined) slot.owner = to
      else givers.set(slot.owner, [...(givers.get(slot.owner) ?? []), { slot, to }])
    }
    this.#group.poke()
    this.#running = givers.size > 0
    let left = givers.size
    for (const [giver, moves] of givers) {
      handOver(
        giver,
        moves.map(({ slot }) => slot),
        () => {
          for (const { slot, to } of moves) this.#give(slot, to)
          if (--left === 0) this.#finish()
        },
      )
    }
  }

  #give(slot: Slot, to: Member): void {
    slot.moving = false
    slot.owner = this.#group.members.includes(to) ? to : undefined
  }

  #finish(): void {
    this.#running = false
    this.#group.poke()
    const orphaned = this.#slots.some(({ owner }) => owner === undefined)
    if (this.#again || orphaned) {
      this.#again = false
      this.rebalance()
    }
  }
}
