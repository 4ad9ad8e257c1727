import { GroupInUseError, type GroupState, type TopicGroup } from '@bus/core/spi'
import { forget, inspect } from '../scripts/upkeep.ts'
import type { Catalog } from './catalog.ts'

// Members find out within a lease.
const rememberMs = 86_400_000

const groupField = 'group:'

/** As they are registered with the topic. */
export async function groupsOf(catalog: Catalog, topic: string): Promise<TopicGroup[]> {
  const fields = (await catalog.linkTo(topic).command('HKEYS', catalog.of(topic).meta)) as Buffer[]
  const names = fields.map(String).filter((field) => field.startsWith(groupField))
  return names.map((field) => ({ topic, group: field.slice(groupField.length) }))
}

export async function inspectGroup(catalog: Catalog, topic: string, group: string): Promise<GroupState | undefined> {
  const partitions = await catalog.find(topic)
  if (partitions === undefined) return undefined
  const keys = catalog.of(topic)
  const all = [keys.meta, keys.delayed, ...keys.streams(partitions)]
  const reply = (await catalog.linkTo(topic).run(inspect, all, [group])) as [number, number, number, number] | 0
  if (reply === 0) return undefined
  const [lag, pending, oldestPendingMs, delayed] = reply
  return { lag, pending, oldestPendingMs, delayed }
}

export async function deleteGroup(catalog: Catalog, topic: string, group: string): Promise<void> {
  const partitions = await catalog.find(topic)
  if (partitions === undefined) return
  const keys = catalog.of(topic)
  const own = [keys.meta, keys.members(group), keys.leases(group), keys.notes(group), keys.bell(group)]
  const deleted = await catalog
    .linkTo(topic)
    .run(forget, [...own, keys.deleted(group), ...keys.streams(partitions)], [group, rememberMs])
  if (deleted === 0) throw new GroupInUseError(topic, group)
}
