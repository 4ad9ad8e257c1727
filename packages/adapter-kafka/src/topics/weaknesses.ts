import { type Kept, named } from './kept.ts'

/** What is hardly meant to be so, and what to do about it; follows "Topic … has" and "Topics … have". */
interface Weakness {
  readonly has: (kept: Kept) => boolean
  /** What to say of each topic, behind its name. */
  readonly shown?: (kept: Kept) => string
  readonly what: string
}

/** The others of a kind are only counted. */
const mostNames = 5

const weaknesses: readonly Weakness[] = [
  {
    has: ({ replicas }) => replicas === 1,
    what: 'one replica only: events are lost with its broker. Set replicationFactor (KAFKA_REPLICATION_FACTOR) to 3 for topics that are created here; kafka-reassign-partitions.sh adds replicas to others.',
  },
  {
    has: ({ replicas, inSync }) => replicas !== 1 && inSync === 1,
    what: `${named.inSync}=1: while replicas lag behind, events are with one broker. Set it to 2.`,
  },
  {
    has: ({ replicas, inSync }) => replicas > 1 && inSync >= replicas,
    what: `no replica more than ${named.inSync}: nothing can be published while one is down. Add a replica, or lower it.`,
  },
  {
    has: (kept) => kept.unclean === true,
    what: `${named.unclean}=true: a replica that lags behind may take over, and what it had not received is lost. Set it to false.`,
  },
  {
    has: ({ partitions }) => partitions !== undefined && partitions.own !== partitions.beside,
    shown: ({ partitions }) => `${partitions?.own}, not ${partitions?.beside}`,
    what: 'not as many partitions as the topic consumed beside: events of one key may be handled at the same time and out of order. kafka-topics.sh --alter adds partitions to the one with fewer.',
  },
  {
    // -1: without an end.
    has: ({ retentionMs }) => retentionMs !== undefined && retentionMs.set >= 0 && retentionMs.set < retentionMs.wanted,
    shown: ({ retentionMs }) => `${retentionMs?.set}, not ${retentionMs?.wanted}`,
    what: `a ${named.retention} below keptRetentionMs: what waits there longer is removed. Raise it with kafka-configs.sh.`,
  },
  {
    has: ({ time }) => time === 'CreateTime',
    what: `${named.time}=CreateTime: history may be out of order, and start positions by date are by the publishers' clocks. Set it to LogAppendTime.`,
  },
]

/** One sentence for each kind of weakness, with the topics that have it. */
export function warningsOf(all: readonly Kept[]): string[] {
  return weaknesses.flatMap(({ has, shown, what }) => {
    const weak = all.filter(has)
    return weak.length === 0 ? [] : [`${subjectOf(weak, shown)} ${what}`]
  })
}

function subjectOf(weak: readonly Kept[], shown: Weakness['shown']): string {
  if (weak.some(({ topic }) => topic === undefined))
    return 'Topics that are created with the defaults of the broker have'
  const names = weak
    .slice(0, mostNames)
    .map((kept) => `${JSON.stringify(kept.topic)}${shown === undefined ? '' : ` (${shown(kept)})`}`)
  const more = weak.length - names.length
  const parts = more === 0 ? names : [...names, `${more} more`]
  const last = parts.pop()
  return parts.length === 0 ? `Topic ${last} has` : `Topics ${parts.join(', ')} and ${last} have`
}
