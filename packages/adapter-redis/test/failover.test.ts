import { RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import { startRedis, startRedisCluster, startRedisSentinel, type RedisCluster } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { slotOf } from '../src/link/slot.ts'
import { bodyOf, take } from './take.ts'
import { Traffic } from './traffic.ts'

const common = { leaseMs: 2_000, warn: () => {} }

async function traffic(options: RedisAdapterOptions): Promise<Traffic> {
  const [publishing, consuming] = [new RedisAdapter(options), new RedisAdapter(options)]
  await Promise.all([publishing.initialize(), consuming.initialize()])
  const one = new Traffic(publishing, consuming, 't')
  await one.start()
  await one.more(200)
  return one
}

function nodesOf({ nodes }: RedisCluster): { host: string; port: number }[] {
  return nodes.map(({ host, port }) => ({ host, port }))
}

describe('behind Sentinels', () => {
  it('loses nothing that was confirmed when the primary is killed or replaced', async () => {
    await using sentinel = await startRedisSentinel({ replicas: 2 })
    const one = await traffic({ ...common, sentinels: sentinel.sentinels, waitReplicas: 1 })
    await (await sentinel.primary()).kill()
    await one.more(200)
    await sentinel.failover()
    await one.more(200)
    expect(await one.end()).toEqual([])
    expect(one.disorder).toEqual([])
    console.log(`confirmed ${one.confirmed.size}, unknown ${one.unknown.size}, refused ${one.refused.length}`)
  })
})

describe('waiting for replicas', () => {
  it('says that it is not certain when too few have it', async () => {
    await using server = await startRedis({ how: 'process' })
    const adapter = new RedisAdapter({ url: server.url, waitReplicas: 1, waitReplicasMs: 300 })
    await adapter.initialize()
    const outcome = adapter.publish([{ topic: 't', headers: {}, body: 'x' }])
    await expect(outcome).rejects.toMatchObject({ failures: [{ index: 0, stored: 'unknown' }] })
    await expect(outcome).rejects.toThrow(/0 of 1 replicas/)
    const later = adapter.publish([{ topic: 't', headers: {}, body: 'y', notBefore: Date.now() + 100 }])
    await expect(later).rejects.toMatchObject({ failures: [{ index: 0, stored: 'unknown' }] })
    // It is stored all the same, and others are not kept waiting.
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    expect((await take(member, 2)).map(bodyOf)).toEqual(['x', 'y'])
    await adapter.close()
  })
})

describe('on a cluster', () => {
  it('loses nothing that was confirmed when the master of a topic is killed', async () => {
    await using cluster = await startRedisCluster({ replicas: 1 })
    const one = await traffic({ ...common, cluster: nodesOf(cluster), waitReplicas: 1 })
    const master = await cluster.masterOf(slotOf('{bus:t}'))
    await master.kill()
    await expect.poll(() => cluster.masterOf(slotOf('{bus:t}')), { timeout: 30_000 }).not.toBe(master)
    // The one that took over has no replica until the other one is back.
    await master.restart()
    await one.more(200)
    expect(await one.end()).toEqual([])
    expect(one.disorder).toEqual([])
    console.log(`confirmed ${one.confirmed.size}, unknown ${one.unknown.size}, refused ${one.refused.length}`)
  })

  it('follows a slot to another node, also while its keys are on the way', async () => {
    await using cluster = await startRedisCluster()
    const one = await traffic({ ...common, cluster: nodesOf(cluster) })
    const slot = slotOf('{bus:t}')
    const [from, to] = [await cluster.masterOf(slot), cluster.nodes[0]]
    const target = to === from ? cluster.nodes[1] : to
    if (target === undefined) throw new Error('There is only one node.')
    const [source, sink] = [new Redis(from.url), new Redis(target.url)]
    await sink.cluster('SETSLOT', slot, 'IMPORTING', await cluster.idOf(from))
    await source.cluster('SETSLOT', slot, 'MIGRATING', await cluster.idOf(target))
    const keys = await source.cluster('GETKEYSINSLOT', slot, 1_000)
    for (const key of keys) {
      await source.migrate(target.host, target.port, key, 0, 5_000)
    }
    for (const node of cluster.nodes) {
      const redis = new Redis(node.url)
      await redis.cluster('SETSLOT', slot, 'NODE', await cluster.idOf(target))
      redis.disconnect()
    }
    await one.more(200)
    expect(await cluster.masterOf(slot)).toBe(target)
    expect(await one.end()).toEqual([])
    expect([one.disorder, [...one.unknown], one.refused]).toEqual([[], [], []])
    source.disconnect()
    sink.disconnect()
  })

  it('moves a copy to a topic of the same slot in one step, and to another one in two', async () => {
    await using cluster = await startRedisCluster()
    const adapter = new RedisAdapter({ ...common, cluster: nodesOf(cluster) })
    await adapter.initialize()
    const elsewhere =
      ['dead', 'lost', 'gone', 'bad'].find((name) => slotOf(`{bus:${name}}`) !== slotOf('{bus:t}')) ?? ''
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    await adapter.publish(['x', 'y'].map((body) => ({ topic: 't', headers: {}, body, key: 'k' })))
    const loans = [...(await take(member, 2))]
    for (const [index, topic] of ['t.g.dlq', elsewhere].entries())
      await loans[index]?.forward?.({ topic, headers: {}, body: `copy for ${topic}`, key: 'k' })
    for (const topic of ['t.g.dlq', elsewhere]) {
      const found: string[] = []
      for await (const { body } of adapter.read({ topic })) found.push(Buffer.from(body).toString())
      expect(found).toEqual([`copy for ${topic}`])
    }
    expect(await adapter.inspect('t', 'g')).toMatchObject({ lag: 0, pending: 0 })
    await expect(
      adapter.consume({
        topics: ['t', elsewhere].map((topic) => ({ topic, startFrom: 'earliest' as const })),
        group: 'g',
      }),
    ).rejects.toThrow('different slots')
    await adapter.close()
  })
})
