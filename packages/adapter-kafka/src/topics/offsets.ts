import type { Link, OffsetQuery } from '../driver/driver.ts'
import { DriverError } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import { groupBy } from '../group-by.ts'
import type { Names } from '../names.ts'
import { persist } from '../pause.ts'
import type { Topics } from './topics.ts'

export type Offsets = ReadonlyMap<number, number>

/** Asks the leaders of `topic`; the answer has every partition that was asked for. -1: nothing is that young. */
export function findOffsets(
  link: Link,
  topics: Topics,
  names: Names,
  topic: string,
  queries: readonly OffsetQuery[],
  signal?: AbortSignal,
): Promise<Offsets> {
  const look = async (): Promise<Offsets> => {
    const leaders = topics.peek(topic) ?? (await topics.refresh(topic))
    if (leaders === undefined)
      throw new DriverError('UNKNOWN_TOPIC_OR_PARTITION', `Topic "${topic}" is not there.`, false)
    const byLeader = groupBy(queries, ({ partition }) => leaders[partition] ?? -1)
    if (byLeader.has(-1)) throw new DriverError('LEADER_NOT_AVAILABLE', `Topic "${topic}" has no leader.`, false)
    const found = await Promise.all([...byLeader].map(([node, asked]) => link.offsets(node, names.topic(topic), asked)))
    const offsets = new Map<number, number>()
    for (const { partition, error, offset } of found.flat()) {
      if (error !== undefined) {
        const why = explained(error, { operation: 'Describe', topic: names.topic(topic) })
        throw new DriverError(error, `Offsets of topic "${topic}": ${why}`, false)
      }
      offsets.set(partition, offset)
    }
    return offsets
  }
  return persist(
    () =>
      look().catch((error: unknown) => {
        topics.forget(topic)
        throw error
      }),
    { signal },
  )
}

export function everyPartition(count: number, at: OffsetQuery['at']): readonly OffsetQuery[] {
  return Array.from({ length: count }, (_, partition) => ({ partition, at }))
}
