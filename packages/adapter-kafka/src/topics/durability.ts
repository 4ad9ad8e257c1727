import type { Durability } from '@bus/core/spi'
import type { Common } from '../common.ts'
import { defaultsKept, type Kept, named, topicsKept } from './kept.ts'
import { warningsOf } from './weaknesses.ts'

/**
 * How the cluster keeps `topics`, without them those this process has to do with, without any what would be created. Of
 * several, the one that is kept worst counts.
 */
export async function durabilityOf(common: Common, topics?: readonly string[]): Promise<Durability> {
  const all = await topicsKept(common, topics)
  if (all.length === 0) all.push(await defaultsKept(common))
  const [worst] = all.toSorted((a, b) => copiesOf(a) - copiesOf(b)) as [Kept]
  const settings = {
    acks: 'all',
    'replication.factor': worst.replicas === 0 ? '' : `${worst.replicas}`,
    [named.inSync]: worst.inSync === 0 ? '' : `${worst.inSync}`,
    [named.unclean]: worst.unclean === undefined ? '' : `${worst.unclean}`,
  }
  return {
    summary: summaryOf(worst),
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== '')),
    warnings: warningsOf(all),
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
