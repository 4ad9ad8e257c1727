import { expect, test } from 'vitest'
import { startRedisCluster, startRedisSentinel } from '../src/index.ts'

test('a cluster serves all slots, and a replica takes over from a master that is killed', async () => {
  await using cluster = await startRedisCluster({ replicas: 1 })
  const before = await cluster.masterOf(0)
  expect(cluster.nodes.slice(0, 3)).toContain(before)
  await before.kill()
  await expect
    .poll(async () => cluster.nodes.indexOf(await cluster.masterOf(0)), { timeout: 30_000 })
    .toBeGreaterThanOrEqual(3)
  await cluster.settled()
})

test('Sentinels put a replica in the place of a primary that is killed, and can be asked to', async () => {
  await using sentinel = await startRedisSentinel()
  const [first, second] = sentinel.nodes
  expect(await sentinel.primary()).toBe(first)
  await first?.kill()
  await expect.poll(() => sentinel.primary(), { timeout: 30_000 }).toBe(second)
  await first?.restart()
  await expect.poll(() => sentinel.failover().then(() => sentinel.primary()), { timeout: 40_000 }).toBe(first)
})
