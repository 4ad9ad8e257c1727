import { join as pathTo } from 'node:path'
import { freePorts } from './ports.ts'
import { ask, until } from './redis-admin.ts'
import { RedisProcess } from './redis-process.ts'

export interface RedisClusterOptions {
  /** Default 3. */
  readonly masters?: number
  /** Of each master; default 0. */
  readonly replicas?: number
  /** Further arguments of every `redis-server`. */
  readonly args?: readonly string[]
  /** A directory with what `makeCertificates` makes: nodes speak TLS with each other, and with clients on `tlsPorts`. */
  readonly certificates?: string
}

export interface RedisCluster extends AsyncDisposable {
  /** The first ones were made masters; each is a process that can be killed, frozen and restarted. */
  readonly nodes: readonly RedisProcess[]
  /** Of each node, with `certificates`; clients have to show one. */
  readonly tlsPorts: readonly number[]
  /** The node that serves a slot now, as the others see it. */
  masterOf(slot: number): Promise<RedisProcess>
  /** As `CLUSTER NODES` names it. */
  idOf(node: RedisProcess): Promise<string>
  /** Resolves when every node that runs agrees that all slots are served. */
  settled(): Promise<void>
  stop(): Promise<void>
}

const slotCount = 16_384
const nodeTimeoutMs = 2_000

/** A private cluster of `redis-server` processes. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 0, args = [], certificates } = options
  const nodes: RedisProcess[] = []
  const tlsPorts = certificates === undefined ? [] : await freePorts(masters * (1 + replicas))
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    for (let number = 0; number < masters * (1 + replicas); number++)
      nodes.push(await startNode([...args, ...tlsArgs(certificates, tlsPorts[number])]))
    await join(nodes, masters, tlsPorts[0])
  } catch (error) {
    await stop()
    throw error
  }
  const cluster = {
    nodes,
    tlsPorts,
    masterOf: (slot: number) => masterOf(nodes, slot),
    idOf: async (node: RedisProcess) => String(await ask(node, 'CLUSTER', 'MYID')),
    settled: () => settled(nodes),
    stop,
    [Symbol.asyncDispose]: stop,
  }
  process.stderr.write(`redis cluster: started ${masters} masters, ${masters * replicas} replicas\n`)
  return cluster
}

function tlsArgs(certificates: string | undefined, port: number | undefined): string[] {
  if (certificates === undefined) return []
  const file = (name: string): string => pathTo(certificates, name)
  return [
    ...['--tls-port', `${port}`, '--tls-cluster', 'yes', '--tls-replication', 'yes', '--tls-auth-clients', 'yes'],
    ...[
      '--tls-cert-file',
      file('server.pem'),
      '--tls-key-file',
      file('server.key'),
      '--tls-ca-cert-file',
      file('ca.pem'),
    ],
  ]
}

function startNode(args: readonly string[]): Promise<RedisProcess> {
  return RedisProcess.start({
    args: (busPort) => [
      ...['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', `${nodeTimeoutMs}`],
      ...['--repl-diskless-sync-delay', '0', '--cluster-replica-validity-factor', '0', ...args],
    ],
  })
}

async function join(nodes: readonly RedisProcess[], masters: number, tlsPort: number | undefined): Promise<void> {
  const [first] = nodes as [RedisProcess]
  for (const [number, node] of nodes.slice(0, masters).entries()) {
    const from = Math.floor((number * slotCount) / masters)
    const to = Math.floor(((number + 1) * slotCount) / masters) - 1
    await ask(node, 'CLUSTER', 'SET-CONFIG-EPOCH', number + 1)
    await ask(node, 'CLUSTER', 'ADDSLOTSRANGE', from, to)
  }
  const [, busPort] = String(await ask(first, 'CONFIG', 'GET', 'cluster-port')).split(',')
  for (const node of nodes.slice(1))
    await ask(node, 'CLUSTER', 'MEET', first.host, tlsPort ?? first.port, busPort ?? '')
  await until('all nodes know each other', () =>
    all(nodes, async (node) => (await known(node)).length === nodes.length),
  )
  for (const [number, node] of nodes.slice(masters).entries()) {
    const master = nodes[number % masters] as RedisProcess
    await ask(node, 'CLUSTER', 'REPLICATE', String(await ask(master, 'CLUSTER', 'MYID')))
  }
  await settled(nodes)
}

async function settled(nodes: readonly RedisProcess[]): Promise<void> {
  const running = nodes.filter(({ pid }) => pid !== undefined)
  await until('all slots are served', () =>
    all(running, async (node) => {
      if (!String(await ask(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok')) return false
      const replication = String(await ask(node, 'INFO', 'replication'))
      return replication.includes('role:master') || replication.includes('master_link_status:up')
    }),
  )
}

async function masterOf(nodes: readonly RedisProcess[], slot: number): Promise<RedisProcess> {
  const running = nodes.find(({ pid }) => pid !== undefined) as RedisProcess
  const ranges = (await ask(running, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
  const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1]
  const node = nodes.find((one) => one.port === port)
  if (node === undefined) throw new Error(`No node serves slot ${slot}.`)
  return node
}

async function known(node: RedisProcess): Promise<string[]> {
  const lines = String(await ask(node, 'CLUSTER', 'NODES'))
    .trim()
    .split('\n')
  return lines.filter((line) => !/handshake|fail|noaddr/.test(line))
}

async function all<T>(items: readonly T[], holds: (item: T) => Promise<boolean>): Promise<boolean> {
  return (await Promise.all(items.map(holds))).every(Boolean)
}
