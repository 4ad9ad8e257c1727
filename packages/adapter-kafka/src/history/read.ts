import { ConfigInvalidError, type ReadRange, type StoredMessage } from '@bus/core/spi'
import type { Places } from '../consume/start.ts'
import { type Place, placeOf } from '../position.ts'
import { everyPartition, findOffsets } from '../topics/offsets.ts'
import { Cursor } from './cursor.ts'

/** All partitions of a topic as one stream, in order of time, up to where each ended when reading started. */
export async function* readTopic(places: Places, range: ReadRange): AsyncGenerator<StoredMessage> {
  const { topic, after, since, until, limit = Number.POSITIVE_INFINITY } = range
  const leaders = await places.topics.find(topic)
  if (leaders === undefined || limit <= 0) return
  const cursors = await cursorsOf(places, range, leaders.length)
  await Promise.all(cursors.map((cursor) => cursor.peek()))
  let left = limit
  for (;;) {
    const first = earliest(cursors)
    const message = first?.head
    if (first === undefined || message === undefined) return
    first.take()
    if (first.head === undefined) await first.peek()
    const { storedAt } = message
    if (until !== undefined && storedAt >= until) continue
    if ((since !== undefined && storedAt < since) || (after !== undefined && message.position <= after)) continue
    yield message
    if (--left <= 0) return
  }
}

async function cursorsOf(
  places: Places,
  { topic, after, since, until }: ReadRange,
  count: number,
): Promise<readonly Cursor[]> {
  const { link, topics, names } = places
  const place = after === undefined ? undefined : parsed(after)
  const from = Math.max(since ?? 0, place?.time ?? 0)
  const ends = await findOffsets(link, topics, names, topic, everyPartition(count, 'latest'))
  const starts = await findOffsets(
    link,
    topics,
    names,
    topic,
    everyPartition(count, from > 0 ? { time: from } : 'earliest'),
  )
  const stops =
    until === undefined ? ends : await findOffsets(link, topics, names, topic, everyPartition(count, { time: until }))
  return [...ends].map(([partition, end]) => {
    const stop = stops.get(partition) ?? end
    const start = starts.get(partition) ?? end
    // Nothing is that young: -1.
    return new Cursor(places, topic, partition, start < 0 ? end : start, stop < 0 ? end : Math.min(stop, end))
  })
}

function parsed(position: string): Place {
  const place = placeOf(position)
  if (place === undefined)
    throw new ConfigInvalidError([{ name: 'after', problem: `"${position}" is not a position of this topic` }])
  return place
}

function earliest(cursors: readonly Cursor[]): Cursor | undefined {
  let found: Cursor | undefined
  for (const cursor of cursors) {
    if (cursor.head === undefined) continue
    if (found?.head === undefined || cursor.head.position < found.head.position) found = cursor
  }
  return found
}
