import { delayedTopicOf, derivedTopic, type GroupState, parentTopicOf } from '@bus/core/spi'
import { decodeNote, isOfTopic } from '../consume/commit-metadata.ts'
import type { GroupConsumer } from '../consume/group-consumer.ts'
import type { Partition } from '../consume/partition.ts'
import type { Places } from '../consume/start.ts'
import type { Committed } from '../driver/driver.ts'
import { persist } from '../pause.ts'
import { everyPartition, findOffsets } from '../topics/offsets.ts'

/** `undefined`: the group has no position on the topic. */
export async function inspectGroup(
  places: Places,
  consumers: Iterable<GroupConsumer>,
  topic: string,
  group: string,
): Promise<GroupState | undefined> {
  const { topics, link, names } = places
  const leaders = await topics.find(topic)
  if (leaders === undefined) return undefined
  const count = leaders.length
  const [name, positions] = await positionsOf(places, topic, group, count)
  if (positions.length === 0) return undefined
  const ends = await findOffsets(link, topics, names, topic, everyPartition(count, 'latest'))
  const ours = new Map<number, Partition[]>()
  for (const consumer of consumers) {
    if (consumer.group !== name) continue
    for (const partition of consumer.partitions) {
      if (partition.topic === topic && partition.held)
        ours.set(partition.id, [...(ours.get(partition.id) ?? []), partition])
    }
  }
  let lag = 0
  let pending = 0
  const open: { partition: number; low: number }[] = []
  for (const position of positions) {
    const end = ends.get(position.partition) ?? 0
    const here = ours.get(position.partition)?.[0]
    const state = here === undefined ? estimate(position, end) : exact(here, end)
    lag += state.lag
    pending += state.pending
    if (state.low < end) open.push({ partition: position.partition, low: state.low })
  }
  const ages = await Promise.all(
    open.map(({ partition, low }) => ageOf(places, topic, leaders[partition] ?? -1, partition, low)),
  )
  return { lag, pending, oldestPendingMs: Math.max(0, ...ages), delayed: await delayedFor(places, topic) }
}

/** What the movers of a topic have not moved on yet, as of their last commits. */
async function delayedFor({ link, names, topics }: Places, topic: string): Promise<number> {
  // What belongs to another topic has no topic beside it.
  if (derivedTopic(topic) !== undefined) return 0
  const beside = delayedTopicOf(topic)
  const leaders = await topics.find(beside)
  if (leaders === undefined) return 0
  const partitions = leaders.map((_, partition) => ({ topic: names.topic(beside), partition }))
  const name = names.movers(topic)
  const [committed, firsts, ends] = await Promise.all([
    persist(async () => link.committed(await link.coordinator(name), name, partitions)),
    findOffsets(link, topics, names, beside, everyPartition(leaders.length, 'earliest')),
    findOffsets(link, topics, names, beside, everyPartition(leaders.length, 'latest')),
  ])
  const positions = new Map(committed.map((position) => [position.partition, position]))
  let delayed = 0
  for (const [partition, end] of ends) {
    const offset = firsts.get(partition) ?? 0
    const position = positions.get(partition) ?? { topic: beside, partition, offset, metadata: '' }
    const { lag, pending } = estimate(position, end)
    delayed += lag + pending
  }
  return delayed
}

interface PartitionState {
  readonly lag: number
  readonly pending: number
  readonly low: number
}

function exact(partition: Partition, end: number): PartitionState {
  return {
    lag: partition.waiting + Math.max(0, end - partition.position),
    pending: partition.lent,
    low: partition.low(),
  }
}

/** Of a partition that another process has, as of its last commit. */
function estimate({ offset, metadata }: Committed, end: number): PartitionState {
  const { starts, reach, done } = decodeNote(offset, metadata)
  const lent = starts > 0 ? Math.max(1, (reach ?? offset) - offset + 1) : 0
  const settled = done.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  const behind = Math.max(0, end - offset)
  const pending = Math.min(Math.max(0, lent - settled), behind)
  return { lag: Math.max(0, behind - settled - pending), pending, low: offset }
}

/** The topic's own group, or the one of the topic it belongs to: they are consumed together. */
async function positionsOf(
  { link, names, topics }: Places,
  topic: string,
  group: string,
  count: number,
): Promise<readonly [name: string, positions: readonly Committed[]]> {
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic: names.topic(topic), partition }))
  let name = ''
  for (const main of new Set([topic, parentTopicOf(topic)])) {
    name = names.group(group, main)
    const found = await persist(async () => link.committed(await link.coordinator(name), name, partitions))
    const ofTopic = found.map((at) => (isOfTopic(at, topics.idOf(topic)) ? at : { ...at, offset: 0, metadata: '' }))
    if (found.length > 0) return [name, ofTopic]
  }
  return [name, []]
}

async function ageOf(
  { link, names }: Places,
  topic: string,
  leader: number,
  partition: number,
  offset: number,
): Promise<number> {
  if (leader < 0) return 0
  const position = { topic: names.topic(topic), partition, offset }
  const [found] = await link.fetch(leader, [position], { maxWaitMs: 100, maxBytesPerPartition: 1 }).catch(() => [])
  const record = found?.records[0]
  return record === undefined ? 0 : Math.max(0, Date.now() - Number(record.timestamp))
}
