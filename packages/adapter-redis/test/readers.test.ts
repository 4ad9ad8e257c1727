import { RedisAdapter } from '@bus/adapter-redis'
import type { Message } from '@bus/core/spi'
import { startProxy } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'
import { bodyOf, take } from './take.ts'

const raw = new Redis(await redisUrl())
afterAll(() => raw.disconnect())
const some = (count: number, from = 0): Message[] =>
  Array.from({ length: count }, (_, n) => ({ topic: 't', headers: {}, body: `${from + n}`.padEnd(500, '.') }))

describe('a reader without a group that was cut off', () => {
  it('loses nothing that retention kept, and is told how much it did not keep', async () => {
    const { hostname, port } = new URL(await redisUrl())
    await using proxy = await startProxy({ host: hostname, port: Number(port) })
    const [prefix, warnings] = [ownPrefix(), [] as string[]]
    const far = new RedisAdapter({
      host: proxy.host,
      port: proxy.port,
      prefix,
      leaseMs: 60_000,
      warn: (message) => warnings.push(message),
    })
    const near = await adapterAt({ prefix, leaseMs: 60_000, retention: { maxAgeMs: 1, maxLength: 100 } })
    await Promise.all([far.initialize(), near.initialize()])
    const reader = await far.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
    await near.publish(some(10))
    expect(await take(reader, 10)).toHaveLength(10)
    proxy.cut()
    await near.publish(some(1_000, 10))
    // Long enough for retention to come by, which may remove nothing. The 20 s are in `readers.drill.ts`.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    proxy.reset()
    proxy.restore()
    const kept = await take(reader, 1_000)
    expect(kept.map((delivery) => Number.parseInt(bodyOf(delivery)))).toEqual(some(1_000, 10).map((_, n) => 10 + n))
    expect(warnings.join()).not.toContain('lost to it')

    proxy.cut()
    await near.publish(some(1_000, 1_010))
    await raw.xtrim(`{${prefix}:t}`, 'MAXLEN', 400)
    proxy.reset()
    proxy.restore()
    expect(await take(reader, 400)).toHaveLength(400)
    await expect.poll(() => warnings.join()).toMatch(/^.*600 events of topic "t" were removed/s)
    await Promise.all([far.close(), near.close()])
  })

  it('does not wait in silence for a server that knows less than before', async () => {
    const { hostname, port } = new URL(await redisUrl())
    await using proxy = await startProxy({ host: hostname, port: Number(port) })
    const [prefix, warnings] = [ownPrefix(), [] as string[]]
    const near = await adapterAt({ prefix })
    const far = new RedisAdapter({
      host: proxy.host,
      port: proxy.port,
      prefix,
      warn: (message) => warnings.push(message),
    })
    await Promise.all([far.initialize(), near.initialize()])
    const reader = await far.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
    // The clock of the old server was ahead.
    await raw.xadd(`{${prefix}:t}`, `${Date.now() + 3_600_000}-0`, 'body', 'last')
    expect((await take(reader, 1)).map(bodyOf)).toEqual(['last'])
    proxy.cut()
    await raw.del(`{${prefix}:t}`, `{${prefix}:t}:meta`)
    await near.publish(some(1))
    proxy.reset()
    proxy.restore()
    await expect.poll(() => warnings.join(), { timeout: 5_000 }).toMatch(/"t" on the server ends before/)
    await near.publish(some(1, 1))
    expect((await take(reader, 1)).map((delivery) => Number.parseInt(bodyOf(delivery)))).toEqual([1])
    await Promise.all([far.close(), near.close()])
  })
})
