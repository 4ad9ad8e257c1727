import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import { makeCertificates, startProxy, startRedisCluster } from '@bus/test-brokers'
import { describe, expect, it } from 'vitest'
import { slotOf } from '../src/link/slot.ts'
import { bodyOf, take } from './take.ts'

// On three nodes, each of its own.
const topics = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

async function roundTrips(options: RedisAdapterOptions): Promise<string[]> {
  const adapter = new RedisAdapter({ ...options, warn: () => {} })
  await adapter.initialize()
  const bodies: string[] = []
  for (const topic of topics) {
    const member = await adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
    const taking = take(member, 1)
    await adapter.publish([{ topic, headers: {}, body: topic, key: 'k' }])
    bodies.push(...(await taking).map(bodyOf))
  }
  expect(await adapter.listTopics()).toEqual(topics)
  await adapter.close()
  return bodies
}

it('the topics of this test are on all nodes', () => {
  const thirds = topics.map((topic) => Math.floor((slotOf(`{bus:${topic}}`) * 3) / 16_384))
  expect(new Set(thirds).size).toBe(3)
})

describe('a cluster', () => {
  it('that speaks TLS is followed from node to node', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bus-tls-'))
    await makeCertificates(directory)
    await using cluster = await startRedisCluster({ certificates: directory })
    const tlsFiles = {
      ca: join(directory, 'ca.pem'),
      cert: join(directory, 'client.pem'),
      key: join(directory, 'client.key'),
    }
    const [port = 0] = cluster.tlsPorts
    const at = { cluster: [{ host: '127.0.0.1', port }], connectTimeoutMs: 5_000 }
    expect(await roundTrips({ ...at, tlsFiles })).toEqual(topics)
    await expect(roundTrips({ ...at, tlsFiles: { ca: tlsFiles.ca } })).rejects.toThrow(/certificate/)
    await rm(directory, { recursive: true, force: true })
  })

  it('whose nodes are seen elsewhere than they say is reached by natMap', async () => {
    await using cluster = await startRedisCluster()
    const proxies = await Promise.all(cluster.nodes.map(({ host, port }) => startProxy({ host, port })))
    const natMap = Object.fromEntries(
      cluster.nodes.map(({ host, port }, n) => [
        `${host}:${port}`,
        { host: proxies[n]?.host ?? '', port: proxies[n]?.port ?? 0 },
      ]),
    )
    const [{ host, port }] = proxies as [(typeof proxies)[0]]
    const options = { cluster: [{ host, port }], natMap, warn: () => {} }
    expect(await roundTrips(options)).toEqual(topics)
    const adapter = new RedisAdapter(options)
    await adapter.initialize()
    await adapter.ping()
    // All roads lead through them.
    for (const proxy of proxies) {
      proxy.cut()
      await expect(adapter.ping(AbortSignal.timeout(300))).rejects.toThrow()
      proxy.restore()
      await adapter.ping()
    }
    await adapter.close()
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })
})
