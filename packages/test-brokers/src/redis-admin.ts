import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

interface Address {
  readonly host: string
  readonly port: number
}

type Argument = string | number

/** One command to one server, as `redis-cli` would send it. */
export async function ask({ host, port }: Address, ...args: Argument[]): Promise<unknown> {
  const [name = 'PING', ...rest] = args
  const redis = new Redis({ host, port, lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await redis.call(String(name), ...rest)
  } finally {
    redis.disconnect()
  }
}

/** Asks again and again until it holds. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await holds().catch(() => false))) {
    if (performance.now() > end) throw new Error(`Not so after ${limitMs} ms: ${what}`)
    await sleep(50)
  }
}
