import type { ConsumeTopic, StartFrom } from '@bus/core/spi'
import { ConfigInvalidError } from '@bus/core/spi'
import type { Committed, Link, OffsetQuery } from '../driver/driver.ts'
import { DriverError } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import type { Names } from '../names.ts'
import { persist } from '../pause.ts'
import { placeOf } from '../position.ts'
import { everyPartition, findOffsets, type Offsets } from '../topics/offsets.ts'
import type { Topics } from '../topics/topics.ts'
import { encodeNote, isOfTopic, maxMetadataBytes, nothingNoted } from './commit-metadata.ts'

/** Where each partition of a topic begins. */
export type Starts = ReadonlyMap<string, Offsets>

export interface Places {
  readonly link: Link
  readonly topics: Topics
  readonly names: Names
}

/** Creates what is missing, with as many partitions as the first topic: keys are to meet the same number everywhere. */
export async function ensureAll(topics: Topics, wanted: readonly ConsumeTopic[]): Promise<ReadonlyMap<string, number>> {
  await topics.require(wanted.map(({ topic }) => topic))
  const counts = new Map<string, number>()
  let first: number | undefined
  for (const { topic } of wanted) {
    const { length } = await topics.ensure(topic, first === undefined ? {} : { partitions: first })
    first ??= length
    counts.set(topic, length)
  }
  return counts
}

/** The offsets that `startFrom` means, as of now. */
export async function resolveStarts(places: Places, wanted: readonly ConsumeTopic[]): Promise<Starts> {
  const counts = await ensureAll(places.topics, wanted)
  const found = wanted.map(async ({ topic, startFrom }) => {
    const starts = await resolveStart(places, topic, counts.get(topic) as number, startFrom)
    return [topic, starts] as const
  })
  return new Map(await Promise.all(found))
}

async function resolveStart(
  { link, topics, names }: Places,
  topic: string,
  count: number,
  from: StartFrom,
): Promise<Offsets> {
  const find = (queries: readonly OffsetQuery[]): Promise<Offsets> => findOffsets(link, topics, names, topic, queries)
  if (from === 'latest' || from === 'earliest') return find(everyPartition(count, from))
  // First the ends: what is stored meanwhile is to be delivered.
  const ends = await find(everyPartition(count, 'latest'))
  const offsets =
    from instanceof Date ? await find(everyPartition(count, { time: from.getTime() })) : await after(from.position)
  return new Map(
    [...offsets].map(([partition, offset]) => [partition, offset < 0 ? (ends.get(partition) ?? 0) : offset]),
  )

  async function after(position: string): Promise<Offsets> {
    const place = placeOf(position)
    if (place === undefined) {
      throw new ConfigInvalidError([{ name: 'startFrom', problem: `"${position}" is not a position of this topic` }])
    }
    // Positions are in order of time, then partition: of the same millisecond, only later partitions come after it.
    const queries = everyPartition(count, 'latest').map(({ partition }) => ({
      partition,
      at: { time: partition > place.partition ? place.time : place.time + 1 },
    }))
    return new Map([...(await find(queries)), [place.partition, place.offset + 1]])
  }
}

/**
 * Gives a group that is new a position, before it has members: Kafka would settle on one only with the first fetch, and
 * remember it only with the first commit. A partition, or a topic, that is new to a group that is not begins with its first
 * record: it was added, or made anew, whereupon brokers forget the old positions.
 */
export async function pin(places: Places, group: string, wanted: readonly ConsumeTopic[]): Promise<Starts> {
  const { link, topics, names } = places
  const counts = await ensureAll(topics, wanted)
  // Before the group is looked at: another member that does the same may store its own, and all of these are early enough.
  const starts = new Map(await resolveStarts(places, wanted))
  const partitions = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic: names.topic(topic), partition })),
  )
  const stored = await persist(async () => link.committed(await link.coordinator(group), group, partitions))
  const missing: Committed[] = []
  for (const [topic, count] of counts) {
    const name = names.topic(topic)
    const topicId = topics.idOf(topic)
    const known = new Set(
      stored.filter((offset) => offset.topic === name && isOfTopic(offset, topicId)).map(({ partition }) => partition),
    )
    if (stored.length > 0 && known.size < count)
      starts.set(topic, await findOffsets(link, topics, names, topic, everyPartition(count, 'earliest')))
    for (const [partition, offset] of starts.get(topic) ?? []) {
      const metadata = encodeNote(offset, { ...nothingNoted, topicId }, maxMetadataBytes)
      if (!known.has(partition)) missing.push({ topic: name, partition, offset, metadata })
    }
  }
  if (missing.length > 0) await persist(async () => store(link, group, missing))
  return starts
}

async function store(link: Link, group: string, offsets: readonly Committed[]): Promise<void> {
  const results = await link.commit(await link.coordinator(group), group, offsets)
  const { topic, error } = results.find((result) => result.error !== undefined) ?? {}
  // The group has members: they have stored a position before they joined.
  if (error === undefined || error === 'UNKNOWN_MEMBER_ID' || error === 'REBALANCE_IN_PROGRESS') return
  const why = explained(error, { operation: 'Read', group, ...(topic === undefined ? {} : { topic }) })
  throw new DriverError(error, `Storing the start of the group "${group}": ${why}`, true)
}
