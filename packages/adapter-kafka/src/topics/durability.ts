import type { Durability } from '@bus/core/spi'
import type { Common } from '../common.ts'
import { DriverError, isTransient } from '../driver/driver-error.ts'

const minimum = 'min.insync.replicas'
const unclean = 'unclean.leader.election.enable'
const factor = 'default.replication.factor'
/** Of more topics than that, the others are hardly different. */
const mostTopics = 100

/** How one topic, or what is created by default, is kept; 0 and `undefined`: not known. */
interface Kept {
  /** `undefined`: the broker's defaults. */
  readonly topic?: string
  readonly replicas: number
  readonly inSync: number
  readonly unclean: boolean | undefined
}

/** How the cluster keeps the topics this process has to do with. Of several, the one that is kept worst counts. */
export async function durabilityOf(common: Common): Promise<Durability> {
  const all = await topicsKept(common)
  if (all.length === 0) all.push(await defaultsOf(common))
  const [worst] = all.toSorted((a, b) => copiesOf(a) - copiesOf(b)) as [Kept]
  const settings = {
    acks: 'all',
    'replication.factor': worst.replicas === 0 ? '' : `${worst.replicas}`,
    [minimum]: worst.inSync === 0 ? '' : `${worst.inSync}`,
    [unclean]: worst.unclean === undefined ? '' : `${worst.unclean}`,
  }
  return {
    summary: summaryOf(worst),
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== '')),
    warnings: weaknesses.flatMap(({ has, what }) => {
      const weak = all.filter(has)
      return weak.length === 0 ? [] : [`${nameOf(weak)} ${what}`]
    }),
  }
}

/** With how many brokers an event is at least; not known counts as the worst but one. */
function copiesOf({ replicas, inSync }: Kept): number {
  if (replicas === 1) return 1
  return inSync === 0 ? 1.5 : Math.min(inSync, replicas || inSync)
}

function summaryOf(kept: Kept): string {
  const { replicas, inSync } = kept
  if (replicas === 1)
    return 'Events are with one broker only when publish() resolves, and on disk when its operating system writes them: they survive its restart, not its loss.'
  if (inSync === 0)
    return 'Events are with all replicas that are in sync when publish() resolves; how many those are at least is not known: the user may not ask.'
  if (inSync === 1)
    return 'Events are with all replicas that are in sync when publish() resolves, which may be one only: they survive the loss of a broker if others were in sync.'
  const of = replicas === 0 ? '' : ` of ${replicas}`
  return `Events are with at least ${Math.min(inSync, replicas || inSync)}${of} replicas when publish() resolves: they survive the loss of ${copiesOf(kept) - 1} of these.`
}

const weaknesses: readonly { readonly has: (kept: Kept) => boolean; readonly what: string }[] = [
  {
    has: ({ replicas }) => replicas === 1,
    what: 'one replica only: events are lost with its broker. Set replicationFactor (KAFKA_REPLICATION_FACTOR) to 3 for topics that are created here; kafka-reassign-partitions.sh adds replicas to others.',
  },
  {
    has: ({ replicas, inSync }) => replicas !== 1 && inSync === 1,
    what: `${minimum}=1: while replicas lag behind, events are with one broker. Set it to 2.`,
  },
  {
    has: ({ replicas, inSync }) => replicas > 1 && inSync >= replicas,
    what: `no replica more than ${minimum}: nothing can be published while one is down. Add a replica, or lower it.`,
  },
  {
    has: (kept) => kept.unclean === true,
    what: `${unclean}=true: a replica that lags behind may take over, and what it had not received is lost. Set it to false.`,
  },
]

function nameOf(all: readonly Kept[]): string {
  const [first] = all as [Kept]
  if (first.topic === undefined) return 'Topics that are created with the defaults of the broker have'
  const topic = JSON.stringify(first.topic)
  return all.length === 1 ? `Topic ${topic} has` : `Topic ${topic} and ${all.length - 1} more have`
}

async function topicsKept({ link, topics, names }: Common): Promise<Kept[]> {
  const known = topics.known.slice(0, mostTopics)
  if (known.length === 0) return []
  const infos = await link.topics(known.map((topic) => names.topic(topic)))
  const kept = infos
    .filter(({ leaders }) => leaders.length > 0)
    .map(async ({ name, replicas }) => {
      const settings = await ifAllowed(link.settings([minimum, unclean], name))
      return { topic: names.ours(name) ?? name, replicas, ...partsOf(settings) }
    })
  return Promise.all(kept)
}

async function defaultsOf({ link, settings: { replicationFactor } }: Common): Promise<Kept> {
  const settings = await ifAllowed(link.settings([minimum, unclean, factor]))
  const replicas = replicationFactor > 0 ? replicationFactor : Number(settings.get(factor) ?? 0)
  return { replicas, ...partsOf(settings) }
}

function partsOf(settings: ReadonlyMap<string, string>): Pick<Kept, 'inSync' | 'unclean'> {
  const value = settings.get(unclean)
  return { inSync: Number(settings.get(minimum) ?? 0), unclean: value === undefined ? undefined : value === 'true' }
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
