import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import type { Message } from '@bus/core/spi'
import { freePorts, startProxy, startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { isUp } from './redis.ts'
import { bodyOf, take } from './take.ts'

const plain = (topic: string, body: string, key?: string): Message => ({ topic, headers: {}, body, key })

async function messageOf(options: RedisAdapterOptions): Promise<string> {
  const adapter = new RedisAdapter(options)
  const error = await adapter.initialize().then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  await adapter.close()
  return error?.message ?? ''
}

describe('a lost connection', () => {
  it('is told of once when it is lost and once when it is back, with the address and without secrets', async () => {
    await using server = await startRedis({ how: 'process', args: ['--requirepass', 's3cret'] })
    const warnings: string[] = []
    const adapter = new RedisAdapter({
      url: `redis://:s3cret@${server.host}:${server.port}`,
      warn: (message) => warnings.push(message),
    })
    await adapter.initialize()
    await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await server.kill()
    await expect.poll(() => isUp(adapter)).toBe(false)
    // While it is away nothing more is told.
    await sleep(1_500)
    await server.restart()
    await expect.poll(() => isUp(adapter), { timeout: 10_000 }).toBe(true)
    const address = `redis://${server.host}:${server.port}`
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`connection to Redis at ${address} is lost: .+ Connecting again`)),
      expect.stringMatching(new RegExp(`connection to Redis at ${address} is back after \\d+\\.\\d s`)),
    ])
    expect(warnings.join()).not.toContain('s3cret')
    await adapter.close()
    expect(warnings).toHaveLength(2)
  })

  it('is not told of again and again while it comes and goes', async () => {
    await using server = await startRedis({ how: 'process' })
    const warnings: string[] = []
    const adapter = new RedisAdapter({ url: server.url, warn: (message) => warnings.push(message) })
    await adapter.initialize()
    const killer = new Redis(server.url)
    for (let round = 0; round < 10; round++) {
      await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await expect.poll(() => isUp(adapter), { timeout: 5_000, interval: 10 }).toBe(true)
    }
    expect(warnings).toHaveLength(2)
    killer.disconnect()
    await adapter.close()
  })
})

describe('a server that', () => {
  it('is loading its data is waited for: nothing is lost, health says so, and it goes on by itself', async () => {
    // Each entry takes so many microseconds to load.
    const slow = ['--appendonly', 'yes', '--appendfsync', 'always', '--key-load-delay', '4000']
    await using server = await startRedis({ how: 'process', args: slow })
    const adapter = new RedisAdapter({ url: server.url, warn: () => {} })
    await adapter.initialize()
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    for (let n = 0; n < 400; n++) await adapter.publish([plain('t', `${n}`)])
    const restarting = server.kill().then(() => server.restart())
    await expect.poll(() => isUp(adapter)).toBe(false)
    const published = adapter.publish([plain('t', 'meanwhile')])
    await restarting
    await published
    expect(await isUp(adapter)).toBe(true)
    const taken = new Set<string>()
    while (!taken.has('meanwhile')) {
      for (const delivery of await take(member, 1)) {
        taken.add(bodyOf(delivery))
        void delivery.ack()
      }
    }
    expect(taken.size).toBe(401)
    await adapter.close()
  })

  it('became a read-only replica is left for the one that its address leads to then', async () => {
    const args = ['--repl-diskless-sync-delay', '0']
    await using first = await startRedis({ how: 'process', args })
    await using second = await startRedis({ how: 'process', args })
    let target = first
    await using proxy = await startProxy(() => ({ port: target.port }))
    const adapter = new RedisAdapter({ host: proxy.host, port: proxy.port, leaseMs: 1_000, warn: () => {} })
    await adapter.initialize()
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    await adapter.publish([plain('t', 'before')])
    for (const delivery of await take(member, 1)) await delivery.ack()
    const admin = new Redis(second.url)
    admin.on('error', () => {})
    await admin.replicaof('127.0.0.1', `${first.port}`)
    await expect.poll(() => admin.info('replication'), { timeout: 20_000 }).toMatch(/master_link_status:up/)
    target = second
    await admin.replicaof('NO', 'ONE')
    const old = new Redis(first.url)
    old.on('error', () => {})
    await old.replicaof('127.0.0.1', `${second.port}`)
    await adapter.publish([plain('t', 'after')])
    expect((await take(member, 1)).map(bodyOf)).toEqual(['after'])
    admin.disconnect()
    old.disconnect()
    await adapter.close()
  })
})

describe('what is wrong with the connection is said with what to do:', () => {
  it('a password beside an address that lacks one', async () => {
    await using server = await startRedis({ how: 'process', args: ['--requirepass', 'correct'] })
    expect(await messageOf({ url: server.url })).toMatch(/asks for a password.*REDIS_URL.*REDIS_PASSWORD.*not read/)
    expect(await messageOf({ host: server.host, port: server.port })).not.toContain('REDIS_URL')
  })

  it('a server that says nothing may want TLS', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    expect(await messageOf({ host: '127.0.0.1', port, connectTimeoutMs: 300 })).toMatch(/REDIS_TLS=true/)
    silent.close()
    const [free = 0] = await freePorts(1)
    expect(await messageOf({ host: '127.0.0.1', port: free })).not.toContain('TLS')
  })
})
