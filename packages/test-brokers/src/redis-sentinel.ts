import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownDirectory } from './directory.ts'
import { onFreePorts } from './ports.ts'
import { ask, until } from './redis-admin.ts'
import { RedisProcess } from './redis-process.ts'
import { ServerProcess } from './server-process.ts'

export interface RedisSentinelOptions {
  /** Default 1. */
  readonly replicas?: number
  /** Further arguments of every `redis-server`. */
  readonly args?: readonly string[]
}

export interface RedisSentinel extends AsyncDisposable {
  /** The name under which the Sentinels know the primary. */
  readonly name: string
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  /** The first one was made the primary; each is a process that can be killed, frozen and restarted. */
  readonly nodes: readonly RedisProcess[]
  /** The node that most Sentinels hold to be the primary. */
  primary(): Promise<RedisProcess>
  /** Asks the Sentinels to change the primary although nothing is wrong with it. */
  failover(): Promise<void>
  stop(): Promise<void>
}

interface Watcher {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

const name = 'mymaster'
const host = '127.0.0.1'
const watchers = 3

/** A private primary with replicas, and three Sentinels that watch over it. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { replicas = 1, args = [] } = options
  const nodes: RedisProcess[] = []
  const sentinels: Watcher[] = []
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, ...nodes].map((one) => one.stop()))
  }
  try {
    const first = await RedisProcess.start({ args: [...nodeArgs, ...args] })
    nodes.push(first)
    for (let number = 0; number < replicas; number++) {
      nodes.push(await RedisProcess.start({ args: [...nodeArgs, '--replicaof', `${host} ${first.port}`, ...args] }))
    }
    await until('the replicas have caught up', async () =>
      String(await ask(first, 'INFO', 'replication')).includes(`connected_slaves:${replicas}`),
    )
    for (let number = 0; number < watchers; number++) sentinels.push(await watch(first.port))
    await until('the Sentinels know each other and the replicas', () => allKnown(sentinels, replicas))
  } catch (error) {
    await stop()
    throw error
  }
  process.stderr.write(`redis sentinel: started a primary, ${replicas} replicas, ${watchers} Sentinels\n`)
  return {
    name,
    sentinels,
    nodes,
    primary: () => primary(sentinels, nodes),
    failover: async () => {
      const before = await primary(sentinels, nodes)
      // Refused while the last one is being finished.
      await until('the change has begun', async () => {
        await ask(sentinels[0] as Watcher, 'SENTINEL', 'FAILOVER', name)
        return true
      })
      await until('another node is the primary', async () => (await primary(sentinels, nodes)) !== before)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const nodeArgs = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5']

async function watch(port: number): Promise<Watcher> {
  const directory = await ownDirectory('sentinel')
  const file = join(directory.path, 'sentinel.conf')
  return await onFreePorts(1, async ([own = 0]) => {
    const lines = [
      ...[`port ${own}`, `bind ${host}`, `dir ${directory.path}`],
      ...[`sentinel monitor ${name} ${host} ${port} 2`, `sentinel down-after-milliseconds ${name} 1500`],
      ...[`sentinel failover-timeout ${name} 5000`],
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    const server = new ServerProcess({
      name: 'sentinel',
      command: 'redis-server',
      args: [file, '--sentinel'],
      cwd: directory.path,
      ready: /Sentinel ID is/,
      startTimeoutMs: 20_000,
    })
    await server.start()
    return {
      host,
      port: own,
      stop: async () => {
        await server.kill()
        await directory.remove()
      },
    }
  })
}

async function allKnown(sentinels: readonly Watcher[], replicas: number): Promise<boolean> {
  for (const sentinel of sentinels) {
    const flat = (await ask(sentinel, 'SENTINEL', 'MASTER', name)) as string[]
    const field = (key: string): string | undefined => flat[flat.indexOf(key) + 1]
    if (field('num-other-sentinels') !== `${watchers - 1}` || field('num-slaves') !== `${replicas}`) return false
  }
  return true
}

async function primary(sentinels: readonly Watcher[], nodes: readonly RedisProcess[]): Promise<RedisProcess> {
  const votes = await Promise.all(
    sentinels.map(async (one) => ((await ask(one, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[])[1]),
  )
  const agreed = votes.find((vote) => votes.filter((other) => other === vote).length > watchers / 2)
  const node = nodes.find(({ port }) => `${port}` === agreed)
  if (node === undefined) throw new Error('The Sentinels do not agree on a primary.')
  return node
}
