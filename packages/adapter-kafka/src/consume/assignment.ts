import type { Assignment, Joined, Subscription } from '../driver/driver.ts'

/** In the coordinator all members of a group have to name the same. */
export const protocolName = 'bus-copartitioned'

/** What a member has, as it says so when it joins. */
export function ownedText(partitions: Iterable<number>): string {
  return [...new Set(partitions)].toSorted((a, b) => a - b).join(',')
}

/**
 * Decided by the leader of the group. Partitions of one number stay together over all topics, because a key has the same
 * one everywhere. Members keep what they have as far as it is fair, and the shares differ by one at most.
 */
export function assign(members: Joined['members'], counts: ReadonlyMap<string, number>): ReadonlyMap<string, Assignment> {
  const ordered = members.toSorted((a, b) => (a.member < b.member ? -1 : 1))
  const total = Math.max(0, ...counts.values())
  const shares = new Map<string, number[]>(ordered.map(({ member }) => [member, []]))
  const free = new Set(Array.from({ length: total }, (_, unit) => unit))
  const least = Math.floor(total / Math.max(1, ordered.length))
  let larger = total - least * ordered.length
  for (const { member, subscription } of ordered) {
    const share = shares.get(member) as number[]
    for (const unit of unitsOf(subscription)) {
      if (!free.has(unit)) continue
      if (share.length >= least) {
        if (share.length > least || larger === 0) break
        larger--
      }
      share.push(unit)
      free.delete(unit)
    }
  }
  for (const unit of free) {
    let poorest: number[] | undefined
    for (const share of shares.values()) if (poorest === undefined || share.length < poorest.length) poorest = share
    poorest?.push(unit)
  }
  return new Map(
    ordered.map(({ member, subscription }) => [member, partitionsOf(subscription, shares.get(member) as number[], counts)]),
  )
}

function unitsOf({ owned }: Subscription): readonly number[] {
  return owned === '' ? [] : owned.split(',').map(Number).filter(Number.isSafeInteger)
}

function partitionsOf({ topics }: Subscription, units: readonly number[], counts: ReadonlyMap<string, number>): Assignment {
  const assignment: Record<string, number[]> = {}
  for (const topic of topics) {
    const partitions = units.filter((unit) => unit < (counts.get(topic) ?? 0)).toSorted((a, b) => a - b)
    if (partitions.length > 0) assignment[topic] = partitions
  }
  return assignment
}
