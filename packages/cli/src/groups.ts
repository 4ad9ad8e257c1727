import { derivedTopic, type EventBusAdapter, type GroupState, isInternalTopic, type TopicGroup } from '@bus/core/spi'

export interface GroupRow extends GroupState {
  readonly topic: string
  readonly group: string
  /** Events that failed and wait in the group's retry topic to be handled again. */
  readonly retries: number
}

function isOwn(topic: string): boolean {
  return !isInternalTopic(topic) && derivedTopic(topic) === undefined
}

/** The topics of applications, without what is derived from them. */
export function ownTopics(topics: readonly string[]): string[] {
  return topics.filter(isOwn).toSorted()
}

/** Where groups stand: those of one topic, or of all that applications have. */
export async function groupRows(adapter: EventBusAdapter, topic?: string): Promise<GroupRow[]> {
  const own = (await adapter.listGroups(topic)).filter((one) => topic !== undefined || isOwn(one.topic))
  const found = await Promise.all(own.toSorted(byName).map((one) => groupRow(adapter, one.topic, one.group)))
  return found.filter((row) => row !== undefined)
}

function byName(a: TopicGroup, b: TopicGroup): number {
  return a.topic === b.topic ? compare(a.group, b.group) : compare(a.topic, b.topic)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function groupRow(adapter: EventBusAdapter, topic: string, group: string): Promise<GroupRow | undefined> {
  const [main, retries] = await Promise.all([
    adapter.inspect(topic, group),
    adapter.inspect(`${topic}.${group}.retry`, group),
  ])
  if (main === undefined) return undefined
  return { topic, group, ...main, retries: (retries?.lag ?? 0) + (retries?.pending ?? 0) + (retries?.delayed ?? 0) }
}
