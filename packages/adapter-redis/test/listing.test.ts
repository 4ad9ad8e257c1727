import { RedisAdapter } from '@bus/adapter-redis'
import { startRedis, startRedisCluster } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { OneServer } from '../src/link/one-server.ts'
import { slotOf } from '../src/link/slot.ts'
import { settingsOf } from '../src/settings.ts'
import { Catalog } from '../src/topics/catalog.ts'
import { Keyspace } from '../src/topics/keys.ts'
import { Listing } from '../src/topics/listing.ts'
import { ownPrefix, redisUrl } from './redis.ts'

async function use(adapter: RedisAdapter): Promise<void> {
  await adapter.initialize()
  await adapter.consume({ topics: [{ topic: 'consumed', startFrom: 'latest' }], group: 'g' })
  await adapter.publish([{ topic: 'published', headers: {}, body: 'x' }])
}

const names = ['consumed', 'published']

describe('topics that are missing from the list', () => {
  it('are put on it again when a process that uses them connects anew', async () => {
    await using server = await startRedis({ how: 'process' })
    const adapter = new RedisAdapter({ url: server.url, warn: () => {} })
    await use(adapter)
    const admin = new Redis(server.url)
    await admin.srem('bus:topics', ...names)
    expect(await adapter.listTopics()).toEqual([])
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await expect.poll(() => adapter.listTopics(), { timeout: 10_000 }).toEqual(names)
    admin.disconnect()
    await adapter.close()
  })

  it('as after a failover in a cluster', async () => {
    await using cluster = await startRedisCluster({ replicas: 1 })
    const adapter = new RedisAdapter({
      cluster: cluster.nodes.map(({ host, port }) => ({ host, port })),
      warn: () => {},
    })
    await use(adapter)
    const master = await cluster.masterOf(slotOf('bus:topics'))
    const admin = new Redis(master.url)
    await admin.srem('bus:topics', ...names)
    await admin.wait(1, 5_000)
    admin.disconnect()
    await master.kill()
    await expect.poll(() => cluster.masterOf(slotOf('bus:topics')), { timeout: 30_000 }).not.toBe(master)
    await expect.poll(() => adapter.listTopics(), { timeout: 20_000 }).toEqual(names)
    await adapter.close()
  })

  it('are put on it again every now and then as long as they are used, and not afterwards', async () => {
    const [settings, keys] = [settingsOf({ url: await redisUrl() }), new Keyspace(ownPrefix())]
    const servers = new OneServer(settings, () => {})
    await servers.connect()
    const catalog = new Catalog(servers, keys, 1)
    const listing = new Listing(catalog, () => ['consumed'])
    const listedAfter = async (round: Promise<void>): Promise<string[]> => {
      await round
      const found = await catalog.list()
      await catalog.listLink.command('DEL', keys.topics)
      return found
    }
    listing.used('published')
    expect(await listedAfter(listing.round())).toEqual(names)
    expect(await listedAfter(listing.renew())).toEqual(names)
    expect(await listedAfter(listing.round())).toEqual(['consumed'])
    expect(await listedAfter(listing.renew())).toEqual(['consumed'])
    await servers.close()
  })
})
