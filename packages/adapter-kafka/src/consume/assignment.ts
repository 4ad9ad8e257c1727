import type { Assignment, Joined, Subscription } from '../driver/driver.ts'

/** All members of a group have to name the same to the coordinator. */
export const protocolName = 'bus-cooperative'

/** What a member has, as it says so when it joins. */
export function ownedText(partitions: Iterable<number>): string {
  return [...new Set(partitions)].toSorted((a, b) => a - b).join(',')
}

type Members = Joined['members']

/**
 * Decided by the leader of the group. Partitions of one number stay together over all topics, because a key has the same
 * one everywhere. What is to move is given to nobody until its owner, that learns of it by this assignment, has given it
 * up: so the rest of the group works on meanwhile, and no record is with two members.
 */
export function assign(members: Members, counts: ReadonlyMap<string, number>): ReadonlyMap<string, Assignment> {
  const ordered = members.toSorted((a, b) => (a.member < b.member ? -1 : 1))
  const owners = new Map<number, string>()
  for (const { member, subscription } of ordered) {
    for (const unit of unitsOf(subscription)) if (!owners.has(unit)) owners.set(unit, member)
  }
  const shares = fairShares(ordered, owners, Math.max(0, ...counts.values()))
  let partial = false
  for (const [member, share] of shares) {
    const free = share.filter((unit) => (owners.get(unit) ?? member) === member)
    partial ||= free.length < share.length
    shares.set(member, free)
  }
  return new Map(
    ordered.map(({ member, subscription }) => [
      member,
      { partitions: partitionsOf(subscription, shares.get(member) ?? [], counts), partial },
    ]),
  )
}

/** They differ by one at most; members keep what they have as far as that allows. */
function fairShares(ordered: Members, owners: ReadonlyMap<number, string>, total: number): Map<string, number[]> {
  const shares = new Map<string, number[]>(ordered.map(({ member }) => [member, []]))
  const least = Math.floor(total / Math.max(1, ordered.length))
  let larger = total - least * ordered.length
  const rest: number[] = []
  for (let unit = 0; unit < total; unit++) {
    const share = shares.get(owners.get(unit) ?? '')
    if (share !== undefined && share.length < least) share.push(unit)
    else if (share !== undefined && share.length === least && larger > 0) {
      larger--
      share.push(unit)
    } else rest.push(unit)
  }
  for (const unit of rest) {
    let poorest: number[] | undefined
    for (const share of shares.values()) if (poorest === undefined || share.length < poorest.length) poorest = share
    poorest?.push(unit)
  }
  return shares
}

function unitsOf({ owned }: Subscription): readonly number[] {
  return owned === '' ? [] : owned.split(',').map(Number).filter(Number.isSafeInteger)
}

function partitionsOf(
  { topics }: Subscription,
  units: readonly number[],
  counts: ReadonlyMap<string, number>,
): Assignment['partitions'] {
  const partitions: Record<string, number[]> = {}
  for (const topic of topics) {
    const some = units.filter((unit) => unit < (counts.get(topic) ?? 0)).toSorted((a, b) => a - b)
    if (some.length > 0) partitions[topic] = some
  }
  return partitions
}
