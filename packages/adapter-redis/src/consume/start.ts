import type { StartFrom } from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import { createGroup } from '../scripts/topic.ts'
import { lastIdBefore, lastIdUpTo, placeOf } from '../topics/position.ts'
import type { SpreadTopic } from './shares.ts'

/** The last id of a stream that is not read; `$` for all that are there. */
export function startId(startFrom: StartFrom, stream: number): string {
  if (startFrom === 'latest') return '$'
  if (startFrom === 'earliest') return '0-0'
  if (startFrom instanceof Date) return lastIdBefore(startFrom.getTime())
  return lastIdUpTo(placeOf(startFrom.position, 'startFrom.position'), stream)
}

/**
 * `resumeId`: where it goes on if it was registered, but is gone from the server. Given by those who are members already:
 * they go on at the end of what there was if the group was deleted, where others begin anew.
 */
export async function ensureGroup(
  link: Link,
  { keys, partitions }: SpreadTopic,
  group: string,
  startFrom: StartFrom,
  resumeId?: (stream: string) => string,
): Promise<void> {
  const streams = keys.streams(partitions)
  const args = streams.flatMap((stream, number) => [startId(startFrom, number), resumeId?.(stream) ?? '0-0'])
  const isMember = resumeId === undefined ? 0 : 1
  await link.run(createGroup, [keys.meta, keys.deleted(group), ...streams], [group, isMember, ...args])
}
