import type { Durability } from '@bus/core/spi'
import type { StorageWait } from './wait.ts'
import { isReply } from './failure.ts'
import { infoOf, policyWarning } from './server.ts'
import type { Link } from './link.ts'
import type { Servers } from './servers.ts'

interface Kept {
  /** The higher, the less a crash takes away. */
  readonly rank: number
  readonly summary: string
  readonly warning?: string
}

/** What the servers do with what they are given. Of several, the one that keeps it worst counts. */
export async function durabilityOf(servers: Servers, wait: StorageWait): Promise<Durability> {
  const all = await Promise.all(servers.nodes().map((node) => durabilityOfOne(node, wait)))
  const [worst] = all.sort((a, b) => a.rank - b.rank)
  if (worst === undefined) throw servers.failure()
  const { summary, settings } = worst.durability
  return { summary, settings, warnings: all.flatMap(({ durability }) => durability.warnings) }
}

async function durabilityOfOne(node: Link, wait: StorageWait): Promise<{ rank: number; durability: Durability }> {
  const info = await infoOf(node)
  const { appendfsync, save } = await configured(node)
  const appendonly = { '0': 'no', '1': 'yes' }[info('aof_enabled')] ?? ''
  const replicas = info('connected_slaves')
  const policy = info('maxmemory_policy')
  const kept = keptBy(appendonly, appendfsync, save, wait.disk)
  const warnings = [kept.warning && `Redis at ${node.address} ${kept.warning}`, policyWarning(node, info)]
  if (wait.replicas === 0 && Number(replicas) > 0)
    warnings.push(
      `Redis at ${node.address} has replicas, but publish() does not wait for them: a failover can lose events. Set waitReplicas (REDIS_WAIT_REPLICAS).`,
    )
  const survives =
    wait.replicas > 0
      ? `${wait.replicas} of its replicas had them${wait.disk ? ' on disk' : ''}, so that they survive a failover to one of these`
      : 'a failover to a replica loses what it had not received'
  const settings = { appendonly, appendfsync, save, replicas, 'maxmemory-policy': policy }
  return {
    rank: kept.rank,
    durability: {
      summary: `${kept.summary}; ${survives}.`,
      settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== '')),
      warnings: warnings.filter((warning) => warning !== undefined),
    },
  }
}

function keptBy(appendonly: string, appendfsync: string, save: string, waitsForDisk: boolean): Kept {
  if (appendonly === 'yes') {
    if (appendfsync === 'always' || waitsForDisk)
      return { rank: 4, summary: "Events are on the server's disk when publish() resolves" }
    if (appendfsync !== 'no')
      return {
        rank: 3,
        summary: 'Events are on disk within about a second (append-only file): a crash loses up to that',
      }
    return {
      rank: 2,
      summary: 'Events are on disk when the operating system writes them (append-only file)',
      warning: 'does not flush its append-only file itself. Set appendfsync to everysec or always.',
    }
  }
  if (appendonly === '') return { rank: 2, summary: 'Whether events are on disk is not known: the user may not ask' }
  const warning = 'keeps no append-only file: when it stops, events are lost. Set appendonly to yes.'
  if (save === '') return { rank: 0, summary: 'Events are in the memory of the server only', warning }
  return { rank: 1, summary: 'Events since the last snapshot of the server are lost when it crashes', warning }
}

/** Not every user may ask, and not every service answers. */
async function configured(node: Link): Promise<{ appendfsync: string; save: string }> {
  const value = async (name: string): Promise<string> => {
    try {
      const [, found] = (await node.command('CONFIG', 'GET', name)) as [Buffer?, Buffer?]
      return found?.toString() ?? ''
    } catch (error) {
      if (isReply(error)) return ''
      throw error
    }
  }
  const [appendfsync, save] = await Promise.all([value('appendfsync'), value('save')])
  return { appendfsync, save }
}
