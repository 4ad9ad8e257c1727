import { EventBus, NonRetryableError } from '@bus/core'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'

const redis = new Redis(await redisUrl())

afterAll(() => redis.disconnect())

/** Streams with their groups and what is pending in them, and what is registered: as the server would save them. */
async function dump(prefix: string, topic: string): Promise<Record<string, string | undefined>> {
  const base = `{${prefix}:${topic}}`
  const keys = [base, `${base}:meta`, ...Array.from({ length: 16 }, (_, number) => `${base}:${number}`)]
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)))
  return Object.fromEntries(keys.map((key, index) => [key, dumps[index]?.toString('hex')]))
}

async function groups(prefix: string, topic: string): Promise<unknown> {
  const base = `{${prefix}:${topic}}`
  const keys = [base, ...Array.from({ length: 16 }, (_, number) => `${base}:${number}`)]
  return Promise.all(keys.map(async (key) => ((await redis.exists(key)) === 1 ? redis.xinfo('GROUPS', key) : key)))
}

it('replay and redrive leave every stream of the topic, and every group on it, as they were, byte for byte', async () => {
  const prefix = ownPrefix()
  const adapter = await adapterAt({ prefix })
  const bus = new EventBus(adapter, 'test', { logger: { debug() {}, info() {}, warn() {}, error() {} } })
  let [handled, dead, ill] = [0, 0, true]
  bus.on('deadLetter', () => dead++)
  const handler = ({ payload }: { payload: number }): void => {
    if (ill && payload % 2 === 0) throw new NonRetryableError('no')
    handled++
  }
  const subscribe = (group: string): Promise<string> =>
    bus.subscribe('orders', handler, { consumerGroup: group, useDLQ: true })
  const publish = (from: number): Promise<unknown> =>
    bus.publishBatch(
      'orders',
      Array.from({ length: 20 }, (_, n) => ({ type: 'placed', payload: from + n, key: `k${n % 7}` })),
    )
  const [billing, shipping] = [await subscribe('billing'), await subscribe('shipping')]
  await publish(0)
  await expect.poll(() => [handled, dead], { timeout: 10_000 }).toEqual([20, 20])
  await Promise.all([bus.unsubscribe(billing), bus.unsubscribe(shipping)])
  // Both are behind, and nobody is at it.
  await publish(100)
  const before = await dump(prefix, 'orders')
  const read: unknown[] = []
  await bus.replay({ topic: 'orders', into: ({ payload }) => void read.push(payload) })
  expect(read.length).toBe(40)
  expect((await bus.replay({ topic: 'orders', limit: 10, into: { group: 'billing' } })).replayed).toBe(10)
  expect((await bus.deadLetters.redrive({ topic: 'orders', group: 'billing' })).redriven).toBe(10)
  expect(await dump(prefix, 'orders')).toEqual(before)
  // And while they are at work.
  ill = false
  await Promise.all([subscribe('billing'), subscribe('shipping')])
  await expect.poll(() => handled, { timeout: 10_000 }).toBe(20 + 40 + 20)
  await expect.poll(async () => (await adapter.inspect('orders', 'billing'))?.pending).toBe(0)
  await expect.poll(async () => (await adapter.inspect('orders', 'shipping'))?.pending).toBe(0)
  const working = await groups(prefix, 'orders')
  await bus.replay({ topic: 'orders', into: { group: 'billing' } })
  expect((await bus.deadLetters.redrive({ topic: 'orders' })).redriven).toBe(10)
  await expect.poll(() => handled, { timeout: 10_000 }).toBe(80 + 40 + 10)
  expect(await groups(prefix, 'orders')).toEqual(working)
  await bus.close()
  await adapter.close()
})
