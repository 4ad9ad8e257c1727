import type { GroupState, StartFrom } from '@bus/core/spi'
import type { Dice } from '../run/dice.ts'
import type { Scene } from '../run/scene.ts'
import type { Item } from './item.ts'
import { KeyLocks } from './key-locks.ts'
import { Loan } from './loan.ts'
import type { Member } from './member.ts'
import { Partitions } from './partitions.ts'
import type { Sharing, Slot } from './slot.ts'
import type { Stored } from './stored.ts'

/** Everything of one topic that was ever for the group. */
interface Shelf {
  readonly topic: string
  readonly items: Item[]
  /** Nothing before is open. */
  low: number
}

/** Where a group stands on the topics that its members consume. Without a name it has one member and ends with it. */
export class Group {
  readonly name: string
  readonly named: boolean
  readonly topics: readonly string[]
  readonly members: Member[] = []
  readonly #shelves: readonly Shelf[]
  readonly #scene: Scene
  readonly #dice: Dice
  readonly #sharing: Sharing
  #open = 0

  constructor(scene: Scene, name: string, named: boolean, topics: readonly string[], dice: Dice) {
    const { style, partitions, spread } = scene.plan.world
    this.#scene = scene
    this.name = name
    this.named = named
    this.topics = topics
    this.#dice = dice
    this.#shelves = topics.map((topic) => ({ topic, items: [], low: 0 }))
    this.#sharing = style === 'keys' || !named ? new KeyLocks() : new Partitions(this, dice, partitions, spread)
  }

  /** How many are not done. */
  get open(): number {
    return this.#open
  }

  get state(): GroupState {
    return { lag: this.#open, pending: 0, oldestPendingMs: 0 }
  }

  get items(): readonly Item[] {
    return this.#shelves.flatMap(({ items }) => items)
  }

  begin(logs: readonly (readonly Stored[])[], starts: readonly StartFrom[]): void {
    const known = logs.flatMap((log, index) => (starts[index] === 'latest' ? [] : log))
    for (const stored of known.sort((a, b) => a.sequence - b.sequence)) this.add(stored)
  }

  add(stored: Stored): void {
    const slot = this.#sharing.slotOf(stored.key, stored.sequence)
    const base = this.#scene.oracle.begins(this, stored)
    this.#open++
    this.#shelves
      .find(({ topic }) => topic === stored.topic)
      ?.items.push({
        stored,
        slot,
        base,
        group: this,
        state: 'waiting',
        loan: undefined,
        note: undefined,
        redeliveries: 0,
        orphan: false,
        stuck: false,
      })
  }

  join(member: Member): void {
    this.members.push(member)
    this.#sharing.joined(member)
    this.poke()
  }

  remove(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1)
    this.#sharing.left(member)
    this.poke()
  }

  rebalance(): void {
    this.#sharing.rebalance()
  }

  /** Something may be lent now. */
  poke(): void {
    for (const member of this.#dice.shuffled(this.members)) member.serve()
  }

  lend(member: Member, max: number): Loan[] {
    const loans: Loan[] = []
    for (const shelf of this.#dice.shuffled(this.#shelves)) {
      const blocked = new Set<Slot>()
      for (let index = lowest(shelf); index < shelf.items.length && loans.length < max; index++) {
        const item = shelf.items[index] as Item
        if (item.state !== 'waiting') continue
        // Without a key no order is promised.
        if (item.slot === undefined && loans.length > 0 && this.#dice.chance(0.1)) continue
        if (this.#mayLend(item, member, blocked)) loans.push(this.#lend(item, member))
      }
    }
    return loans
  }

  freed({ slot }: Item): void {
    if (slot !== undefined) this.#sharing.freed(slot)
  }

  done(item: Item): void {
    item.state = 'done'
    this.#open--
    this.poke()
  }

  putBack(item: Item): void {
    item.loan = undefined
    item.stuck = false
    this.poke()
  }

  #mayLend({ slot, orphan }: Item, member: Member, blocked: Set<Slot>): boolean {
    const oneTooMany =
      orphan && this.#scene.plan.world.oneByOne && [...member.loans].some(({ item }) => item.orphan && !item.stuck)
    if (slot === undefined) return !oneTooMany
    if (blocked.has(slot)) return false
    if (!oneTooMany && this.#sharing.mayLend(slot, member)) return true
    blocked.add(slot)
    return false
  }

  #lend(item: Item, member: Member): Loan {
    const loan = new Loan(item, member)
    item.state = 'lent'
    item.loan = loan
    member.loans.add(loan)
    if (item.slot !== undefined) this.#sharing.lent(item.slot, member)
    return loan
  }
}

function lowest(shelf: Shelf): number {
  while (shelf.items[shelf.low]?.state === 'done') shelf.low++
  return shelf.low
}
