import { consumedBeside, derivedTopic } from '@bus/core/spi'
import type { Common } from '../common.ts'
import type { TopicInfo } from '../driver/driver.ts'
import { DriverError, isTransient } from '../driver/driver-error.ts'

/** The settings of topics that are looked at, by Kafka's names. */
export const named = {
  inSync: 'min.insync.replicas',
  unclean: 'unclean.leader.election.enable',
  retention: 'retention.ms',
  time: 'message.timestamp.type',
} as const
const factor = 'default.replication.factor'
/** How many topics are asked for at a time, and of those in use at all: the others are hardly different. */
const mostTopics = 100

/** How one topic, or what is created by default, is kept; 0 and `undefined`: not known. */
export interface Kept {
  /** `undefined`: the broker's defaults. */
  readonly topic?: string
  readonly replicas: number
  readonly inSync: number
  readonly unclean: boolean | undefined
  /** How many, and how many the topic has that is consumed beside it, if there is one. */
  readonly partitions?: { readonly own: number; readonly beside: number } | undefined
  /** How long messages stay, and how long they are to: of topics in which they wait. */
  readonly retentionMs?: { readonly set: number; readonly wanted: number } | undefined
  /** Whose clock messages have. */
  readonly time?: string | undefined
}

/** Of the topics that are asked for, otherwise of those this process has to do with; those only that exist. */
export async function topicsKept(common: Common, asked: readonly string[] | undefined): Promise<Kept[]> {
  const { link, names } = common
  const topics = asked ?? common.topics.known.slice(0, mostTopics)
  const kept: Kept[] = []
  if (topics.length === 0) return kept
  const infos = (await link.topics(topics.map((topic) => names.topic(topic)))).filter(
    ({ leaders }) => leaders.length > 0,
  )
  const counts = new Map(infos.map(({ name, leaders }) => [names.ours(name) ?? name, leaders.length]))
  for (let from = 0; from < infos.length; from += mostTopics) {
    const some = infos.slice(from, from + mostTopics)
    kept.push(...(await Promise.all(some.map((info) => topicKept(common, info, counts)))))
  }
  return kept
}

async function topicKept(
  { link, names, settings: { keptRetentionMs: wanted } }: Common,
  { name, replicas, leaders }: TopicInfo,
  counts: ReadonlyMap<string, number>,
): Promise<Kept> {
  const topic = names.ours(name) ?? name
  const settings = await ifAllowed(link.settings(Object.values(named), name))
  const beside = counts.get(consumedBeside(topic) ?? '')
  const retention = settings.get(named.retention)
  return {
    topic,
    replicas,
    ...partsOf(settings),
    partitions: beside === undefined ? undefined : { own: leaders.length, beside },
    retentionMs:
      retention === undefined || derivedTopic(topic) === undefined ? undefined : { set: Number(retention), wanted },
    time: settings.get(named.time),
  }
}

/** How topics are kept that are created with nothing said. */
export async function defaultsKept({ link, settings: { replicationFactor } }: Common): Promise<Kept> {
  const settings = await ifAllowed(link.settings([named.inSync, named.unclean, factor]))
  const replicas = replicationFactor > 0 ? replicationFactor : Number(settings.get(factor) ?? 0)
  return { replicas, ...partsOf(settings) }
}

function partsOf(settings: ReadonlyMap<string, string>): Pick<Kept, 'inSync' | 'unclean'> {
  const value = settings.get(named.unclean)
  return {
    inSync: Number(settings.get(named.inSync) ?? 0),
    unclean: value === undefined ? undefined : value === 'true',
  }
}

/** Not every user may ask, and not every service answers. */
async function ifAllowed(asked: Promise<ReadonlyMap<string, string>>): Promise<ReadonlyMap<string, string>> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof DriverError) || isTransient(error) || error.code === 'CLOSED') throw error
    return new Map()
  }
}
