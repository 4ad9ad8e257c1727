import { RedisAdapter } from '@bus/adapter-redis'
import { PublishError, type Message } from '@bus/core/spi'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { bodyOf, take } from './take.ts'

it('a server without memory refuses what it cannot store, keeps what it confirmed, and goes on when it has room', async () => {
  await using server = await startRedis({ how: 'process' })
  const adapter = new RedisAdapter({ url: server.url, warn: () => {} })
  await adapter.initialize()
  const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
  const admin = new Redis(server.url)
  await admin.config('SET', 'maxmemory', '6mb')
  const stored: string[] = []
  const refused: string[] = []
  const publish = async (n: number): Promise<void> => {
    const message: Message = { topic: 't', headers: {}, body: `${n}:`.padEnd(2_000, `${n}`), key: `k${n % 20}` }
    await adapter.publish([message]).then(
      () => stored.push(String(message.body)),
      (error: unknown) => {
        expect(error).toBeInstanceOf(PublishError)
        expect((error as PublishError).stored).toBe('no')
        refused.push(String(message.body))
      },
    )
  }
  await Promise.all(Array.from({ length: 4_000 }, (_, n) => publish(n)))
  expect(refused.length).toBeGreaterThan(100)
  await admin.config('SET', 'maxmemory', '0')
  await adapter.publish([{ topic: 't', headers: {}, body: 'room', key: 'k' }])
  const handled: string[] = []
  while (handled.length < stored.length + 1) {
    const taken = await take(member, 250, 5_000)
    if (taken.length === 0) break
    handled.push(...taken.map(bodyOf))
    await Promise.all(taken.map((delivery) => delivery.ack()))
  }
  expect(handled.toSorted()).toEqual([...stored, 'room'].toSorted())
  admin.disconnect()
  await adapter.close()
})
