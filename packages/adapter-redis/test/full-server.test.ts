import { RedisAdapter } from '@bus/adapter-redis'
import { PublishError, type Consumer, type Delivery, type Message } from '@bus/core/spi'
import { redis62, RedisProcess } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { leaseMs } from './redis.ts'
import { bodyOf, take } from './take.ts'

const programs: readonly [name: string, program: () => Promise<string> | undefined][] = [
  ['the server at hand', () => undefined],
  ['Redis 6.2', redis62],
]

describe.each(programs)('%s, full', (_name, find) => {
  it('refuses what it cannot store, lends what it has beyond the lease, and goes on when it has room', async () => {
    const program = await find()
    const server = await RedisProcess.start(program === undefined ? {} : { program })
    const adapter = new RedisAdapter({ url: server.url, leaseMs, warn: () => {} })
    const late = new RedisAdapter({ url: server.url, leaseMs, warn: () => {} })
    const admin = new Redis(server.url)
    const topics = [{ topic: 't', startFrom: 'earliest' as const }]
    try {
      await adapter.initialize()
      await late.initialize()
      const member = await adapter.consume({ topics, group: 'g' })
      await adapter.publish([{ topic: 't', headers: {}, body: 'delayed', notBefore: Date.now() + 4 * leaseMs }])
      await admin.config('SET', 'maxmemory', '6mb')
      const { stored, refused } = await fill(adapter)
      expect(refused.length).toBeGreaterThan(100)
      for (const { message } of refused) expect(message).toContain('Redis is full')
      // Also when acknowledging has made a little room.
      await admin.config('SET', 'maxmemory', '1mb')

      const handled: string[] = []
      const acknowledge = async (deliveries: readonly Delivery[]): Promise<void> => {
        handled.push(...deliveries.map(bodyOf))
        await Promise.all(deliveries.map((delivery) => delivery.ack()))
      }
      const first = await take(member, 40)
      await Promise.all(first.splice(0, 20).map((delivery) => delivery.release('note')))
      await acknowledge(first)
      const end = performance.now() + 3 * leaseMs
      while (performance.now() < end) await acknowledge(await take(member, 10, 100))

      const joined = await late.consume({ topics, group: 'g' })
      await expect(adapter.publish([{ topic: 't', headers: {}, body: 'x' }])).rejects.toThrow('Redis is full')
      const all = [...stored, 'delayed']
      const deadline = performance.now() + 30_000
      await Promise.all([member, joined].map((one) => drain(one, () => handled.length < all.length, acknowledge)))
      expect(performance.now()).toBeLessThan(deadline)
      expect(handled.toSorted()).toEqual(all.toSorted())
      await expect.poll(() => adapter.inspect('t', 'g')).toMatchObject({ lag: 0, pending: 0 })

      await admin.config('SET', 'maxmemory', '0')
      await adapter.publish([{ topic: 't', headers: {}, body: 'room', key: 'k' }])
      const [room] = await Promise.any([take(member, 1), take(joined, 1)])
      expect(room && bodyOf(room)).toBe('room')
    } finally {
      admin.disconnect()
      await Promise.all([adapter.close(), late.close()])
      await server.stop()
    }
  })
})

async function fill(adapter: RedisAdapter): Promise<{ stored: string[]; refused: PublishError[] }> {
  const stored: string[] = []
  const refused: PublishError[] = []
  const publish = async (n: number): Promise<void> => {
    const key = n % 2 === 0 ? {} : { key: `k${n % 40}` }
    const message: Message = { topic: 't', headers: {}, body: `${n}:`.padEnd(2_000, `${n}`), ...key }
    await adapter.publish([message]).then(
      () => stored.push(String(message.body)),
      (error: unknown) => {
        expect(error).toBeInstanceOf(PublishError)
        expect((error as PublishError).stored).toBe('no')
        refused.push(error as PublishError)
      },
    )
  }
  await Promise.all(Array.from({ length: 4_000 }, (_, n) => publish(n)))
  return { stored, refused }
}

async function drain(
  member: Consumer,
  more: () => boolean,
  acknowledge: (deliveries: readonly Delivery[]) => Promise<void>,
): Promise<void> {
  const end = performance.now() + 30_000
  while (more() && performance.now() < end) await acknowledge(await take(member, 100, 200))
}
