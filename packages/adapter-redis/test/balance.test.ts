import type { RedisAdapter } from '@bus/adapter-redis'
import type { Consumer } from '@bus/core/spi'
import { startProxy } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'

const partitions = 16
const raw = new Redis(await redisUrl())
afterAll(() => raw.disconnect())

it('partitions are spread evenly over the members, whoever joins, leaves or dies', async () => {
  const prefix = ownPrefix()
  const { hostname, port } = new URL(await redisUrl())
  await using proxy = await startProxy({ host: hostname, port: Number(port) })
  const members: { readonly adapter: RedisAdapter; readonly consumer: Consumer }[] = []
  const join = async (url?: string): Promise<void> => {
    const adapter = await adapterAt({ prefix, partitions, warn: () => {}, ...(url !== undefined && { url }) })
    await adapter.initialize()
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    members.push({ adapter, consumer })
  }
  /** How many each has, from the least to the most; nobody has what nobody lives for. */
  const shares = async (): Promise<number[]> => {
    const owners = await raw.zrange(`{${prefix}:t}:members:g`, '0', '-1')
    const counts = new Map(owners.map((owner) => [owner, 0]))
    for (const [field, token] of Object.entries(await raw.hgetall(`{${prefix}:t}:leases:g`))) {
      const [owner = ''] = token.split(' ')
      if (/^\d+$/.test(field) && counts.has(owner)) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    }
    return [...counts.values()].sort((a, b) => a - b)
  }
  const even = async (count: number): Promise<void> => {
    const [low, more] = [Math.floor(partitions / count), partitions % count]
    const expected = Array.from({ length: count }, (_, n) => (n < count - more ? low : low + 1))
    await expect.poll(shares, { timeout: 15_000, interval: 20 }).toEqual(expected)
  }
  for (let count = 1; count <= 5; count++) {
    await join()
    await even(count)
  }
  for (const number of [0, 2]) {
    await members[number]?.consumer.close()
    await even(number === 0 ? 4 : 3)
  }
  await join(`redis://${proxy.host}:${proxy.port}`)
  await even(4)
  // Several at once.
  await Promise.all([members[1]?.consumer.close(), join(), join()])
  await even(5)
  proxy.cut()
  await even(4)
  await Promise.all(members.map(({ adapter }) => adapter.close()))
})
