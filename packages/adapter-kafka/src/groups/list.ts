import type { TopicGroup } from '@bus/core/spi'
import type { Places } from '../consume/start.ts'
import { persist } from '../pause.ts'

/** Of those that this user may describe: brokers leave out the others without a word. */
export async function listGroups(
  { link, names, topics }: Pick<Places, 'link' | 'names' | 'topics'>,
  topic: string | undefined,
): Promise<TopicGroup[]> {
  const isThere = topic === undefined || (await topics.find(topic)) !== undefined
  if (!isThere) return []
  const groups = (await persist(() => link.groups())).flatMap((name) => names.ourGroup(name) ?? [])
  if (topic !== undefined) return groups.filter((group) => group.topic === topic)
  // Without a prefix the names of others may look alike.
  const known = new Set(await topics.list())
  return groups.filter((group) => known.has(group.topic))
}
