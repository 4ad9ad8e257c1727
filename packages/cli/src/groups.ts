import { derivedTopic, type EventBusAdapter, type GroupState, isInternalTopic } from '@bus/core/spi'

export interface GroupRow extends GroupState {
  readonly topic: string
  readonly group: string
  /** Events that failed and wait in the group's retry topic to be handled again. */
  readonly retries: number
}

/** The topics of applications, without what is derived from them. */
export function ownTopics(topics: readonly string[]): string[] {
  return topics.filter((topic) => !isInternalTopic(topic) && derivedTopic(topic) === undefined).toSorted()
}

/**
 * Where groups stand. A group shows by the topics that are derived from its name; one that has none yet is found only if
 * it is named in `more`.
 */
export async function groupRows(
  adapter: EventBusAdapter,
  listed: readonly string[],
  topics: readonly string[],
  more: readonly string[] = [],
): Promise<GroupRow[]> {
  const rows: GroupRow[] = []
  for (const topic of topics) {
    const names = new Set(more)
    for (const name of listed) {
      const derived = derivedTopic(name)
      if (derived?.parent === topic && derived.group !== undefined) names.add(derived.group)
    }
    const found = await Promise.all([...names].toSorted().map((group) => groupRow(adapter, topic, group)))
    rows.push(...found.filter((row) => row !== undefined))
  }
  return rows
}

async function groupRow(adapter: EventBusAdapter, topic: string, group: string): Promise<GroupRow | undefined> {
  const [main, retries] = await Promise.all([
    adapter.inspect(topic, group),
    adapter.inspect(`${topic}.${group}.retry`, group),
  ])
  if (main === undefined) return undefined
  return { topic, group, ...main, retries: (retries?.lag ?? 0) + (retries?.pending ?? 0) }
}
