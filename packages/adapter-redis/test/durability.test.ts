import { RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import type { Durability } from '@bus/core/spi'
import { startRedis, startRedisCluster, startRedisSentinel } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { allow, minimalPermissions, user } from './permissions.ts'

async function asked(options: RedisAdapterOptions): Promise<Durability> {
  const adapter = new RedisAdapter({ warn: () => {}, ...options })
  try {
    await adapter.initialize()
    return await adapter.durability()
  } finally {
    await adapter.close()
  }
}

it('tells how much of what is stored a crash of the server takes away', async () => {
  await using server = await startRedis({ how: 'process', args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  const { url } = server
  const admin = new Redis(url)
  const first = await asked({ url })
  expect(first.summary).toContain("on the server's disk when publish() resolves")
  expect(first.settings).toMatchObject({ appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' })
  expect(first.warnings).toEqual([])
  await admin.config('SET', 'appendfsync', 'everysec')
  expect((await asked({ url })).summary).toContain('within about a second')
  await admin.config('SET', 'appendonly', 'no')
  const memory = await asked({ url })
  expect(memory.summary).toContain('in the memory of the server only')
  expect(memory.warnings.join()).toContain('appendonly')
  await admin.config('SET', 'save', '900 1')
  expect((await asked({ url })).summary).toContain('since the last snapshot')
  await allow([server], await minimalPermissions('bus'))
  expect((await asked({ url, ...user })).settings).not.toHaveProperty('appendfsync')
  admin.disconnect()
})

it('reports a server that may evict, once', async () => {
  await using server = await startRedis({
    how: 'process',
    args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
  })
  const warnings: string[] = []
  const adapter = new RedisAdapter({ url: server.url, warn: (message) => warnings.push(message) })
  await adapter.initialize()
  await adapter.initialize()
  const { warnings: told } = await adapter.durability()
  expect(told.join()).toContain('allkeys-lru')
  expect(warnings.filter((warning) => warning.includes('allkeys-lru'))).toHaveLength(1)
  await adapter.close()
})

it('tells what a failover takes away, and of several servers the one that keeps the least', async () => {
  await using sentinel = await startRedisSentinel()
  const { sentinels } = sentinel
  expect((await asked({ sentinels })).warnings.join()).toContain('waitReplicas')
  const waiting = await asked({ sentinels, waitReplicas: 1 })
  expect(waiting.summary).toContain('survive a failover')
  expect(waiting.warnings.join()).not.toContain('waitReplicas')
  await using cluster = await startRedisCluster({ args: ['--appendonly', 'yes'] })
  const [first, second] = cluster.nodes
  const options = { cluster: cluster.nodes.map(({ host, port }) => ({ host, port })) }
  expect((await asked(options)).summary).toContain('within about a second')
  const admin = new Redis(second?.url ?? '')
  await admin.config('SET', 'appendonly', 'no')
  admin.disconnect()
  const worst = await asked(options)
  expect(worst.summary).toContain('in the memory of the server only')
  expect(worst.warnings.join()).toContain(`${second?.port}`)
  await expect(asked({ url: first?.url })).rejects.toThrow('REDIS_CLUSTER')
})
