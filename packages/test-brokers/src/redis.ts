import { dockerEngine, startContainer } from './docker.ts'
import { RedisProcess } from './redis-process.ts'
import { findBroker, type How } from './search.ts'

export interface Redis extends AsyncDisposable {
  readonly how: How
  readonly url: string
  readonly host: string
  readonly port: number
  /** The line that says where it came from. */
  readonly summary: string
  /** Removes it; does nothing to a Redis that was given by address. */
  stop(): Promise<void>
}

export interface RedisOptions {
  /** Further arguments of `redis-server`. They ask for a private server, whatever address the environment names. */
  readonly args?: readonly string[]
  /** A private process that can be killed, frozen and restarted. */
  readonly how?: 'process'
}

export function startRedis(options: RedisOptions & { readonly how: 'process' }): Promise<RedisProcess>
export function startRedis(options?: RedisOptions): Promise<Redis>
export function startRedis({ args = [], how }: RedisOptions = {}): Promise<Redis> {
  const url = process.env['BUS_TEST_REDIS_URL'] || undefined
  return findBroker<Redis>({
    name: 'redis',
    address: url && args.length === 0 ? () => redisAt(url) : undefined,
    docker: () => redisInDocker(args),
    process: () => RedisProcess.start({ args }),
    forced: how,
    advice: 'Set BUS_TEST_REDIS_URL, start Docker, or install Redis 6.2 or later so that redis-server is on the PATH.',
  })
}

function redisAt(url: string): Redis {
  const { hostname, port } = new URL(url)
  const stop = async (): Promise<void> => {}
  return {
    how: 'address',
    url,
    host: hostname,
    port: Number(port || 6379),
    summary: `using ${hostname}:${port || 6379} from BUS_TEST_REDIS_URL`,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function redisInDocker(args: readonly string[]): Promise<Redis> {
  const image = process.env['BUS_TEST_REDIS_IMAGE'] || 'redis:7'
  const { testcontainers, host } = await dockerEngine()
  const { container, stop } = await startContainer(
    image,
    new testcontainers.GenericContainer(image)
      .withExposedPorts(6379)
      .withCommand(['redis-server', '--save', '', '--protected-mode', 'no', ...args])
      .withWaitStrategy(testcontainers.Wait.forLogMessage(/Ready to accept connections/)),
  )
  const port = container.getMappedPort(6379)
  return {
    how: 'docker',
    url: `redis://${host}:${port}`,
    host,
    port,
    summary: `started ${image} in Docker on port ${port}`,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
