import { randomBytes } from 'node:crypto'
import { RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import { startRedis } from '@bus/test-brokers'

let shared: Promise<string> | undefined

/** The server of this test run. */
export function redisUrl(): Promise<string> {
  shared ??= startRedis().then(({ url }) => url)
  return shared
}

/** Nobody else's keys. */
export function ownPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

export const leaseMs = 1_000

/** On the server of this test run, under a prefix of its own unless one is given. */
export async function adapterAt(options: RedisAdapterOptions = {}): Promise<RedisAdapter> {
  return new RedisAdapter({ url: await redisUrl(), prefix: ownPrefix(), leaseMs, ...options })
}

/** Whether it can reach its server. */
export function isUp(adapter: RedisAdapter): Promise<boolean> {
  return adapter.ping(AbortSignal.timeout(1_000)).then(
    () => true,
    () => false,
  )
}
