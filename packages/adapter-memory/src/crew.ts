import type { Group, Member, OpenMessage, Sharing } from './group.ts'

/** One key with messages that are lent or put off. It belongs to one member as long as that has any on loan. */
interface Lane {
  holder: Member | undefined
  lent: number
  parked: OpenMessage[]
}

/**
 * The members of one group. It sees to it that a key is with one member at a time, over all topics that they share.
 * With a single member there is nothing to see to, and no key is looked at.
 */
export class Crew implements Sharing {
  readonly members: Member[] = []
  readonly groups: Set<Group> = new Set()
  keyed = false
  readonly #lanes = new Map<string, Lane>()
  /** Lanes with something parked, by holder. */
  readonly #waiting = new Map<Member | undefined, Set<Lane>>()
  #turn = 0

  join(member: Member): void {
    if (this.members.length === 1) this.#lookAfterKeys()
    this.members.push(member)
  }

  leave(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1)
    this.#waiting.delete(member)
    if (this.members.length < 2) this.#forgetKeys()
    this.wake()
  }

  wake(): void {
    const { members } = this
    const count = members.length
    if (count === 1) {
      const member = members[0] as Member
      if (member.idle) member.serve()
      return
    }
    this.#turn++
    for (let index = 0; index < count; index++) {
      const member = members[(this.#turn + index) % count] as Member
      if (member.idle) member.serve()
    }
  }

  lendParked(member: Member, room: number): number {
    return this.#lendLanes(undefined, member, this.#lendLanes(member, member, room))
  }

  claim(key: string, member: Member): boolean {
    const lane = this.#lanes.get(key)
    if (lane === undefined) {
      this.#lanes.set(key, { holder: member, lent: 1, parked: [] })
      return true
    }
    if (lane.holder !== member || lane.parked.length > 0) return false
    lane.lent++
    return true
  }

  park(open: OpenMessage): void {
    const { group, message } = open
    const lane = this.#lane(message.key as string)
    const later = (other: OpenMessage): boolean => other.group === group && other.message.sequence > message.sequence
    const last = lane.parked.at(-1)
    // Nearly always it is the latest one, and a hot key may have very many.
    const inOrder = last === undefined || (last.group === group && !later(last))
    const place = inOrder ? -1 : lane.parked.findIndex(later)
    if (place === -1) lane.parked.push(open)
    else lane.parked.splice(place, 0, open)
    this.#waitingFor(lane.holder).add(lane)
  }

  free(key: string): void {
    const lane = this.#lanes.get(key)
    if (lane === undefined || --lane.lent > 0) return
    this.#waiting.get(lane.holder)?.delete(lane)
    lane.holder = undefined
    if (lane.parked.length === 0) {
      this.#lanes.delete(key)
    } else {
      this.#waitingFor(undefined).add(lane)
      this.wake()
    }
  }

  parked(group: Group): readonly OpenMessage[] {
    return [...this.#lanes.values()].flatMap(({ parked }) => parked.filter((open) => open.group === group))
  }

  discard(group: Group): void {
    for (const [key, lane] of this.#lanes) {
      lane.parked = lane.parked.filter((open) => open.group !== group)
      if (lane.parked.length > 0) continue
      this.#waiting.get(lane.holder)?.delete(lane)
      if (lane.lent === 0) this.#lanes.delete(key)
    }
  }

  #lendLanes(holder: Member | undefined, member: Member, room: number): number {
    const waiting = this.#waiting.get(holder)
    if (waiting === undefined) return room
    for (const lane of waiting) {
      if (room === 0) break
      waiting.delete(lane)
      lane.holder = member
      for (const { group, message, note } of lane.parked.splice(0, room)) {
        group.lend(member, message, note)
        lane.lent++
        room--
      }
      if (lane.parked.length > 0) this.#waitingFor(member).add(lane)
    }
    return room
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key)
    if (lane === undefined) this.#lanes.set(key, (lane = { holder: undefined, lent: 0, parked: [] }))
    return lane
  }

  #waitingFor(holder: Member | undefined): Set<Lane> {
    let lanes = this.#waiting.get(holder)
    if (lanes === undefined) this.#waiting.set(holder, (lanes = new Set()))
    return lanes
  }

  #lookAfterKeys(): void {
    this.keyed = true
    const only = this.members[0] as Member
    for (const { group, message } of only.open) {
      if (message.key === undefined || group.sharing !== this) continue
      const lane = this.#lane(message.key)
      lane.holder = only
      lane.lent++
    }
    for (const group of this.groups) for (const open of group.drainKeyed()) this.park(open)
  }

  #forgetKeys(): void {
    this.keyed = false
    for (const group of this.groups) group.putBackAll(this.parked(group))
    this.#lanes.clear()
    this.#waiting.clear()
  }
}
