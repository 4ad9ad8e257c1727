import { RedisAdapter } from '@bus/adapter-redis'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { take } from './take.ts'

it('finds what is new also where the server does not permit to interrupt a waiting connection', async () => {
  await using server = await startRedis({ how: 'process' })
  const admin = new Redis(server.url)
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all', '-client|unblock')
  const adapter = new RedisAdapter({ host: server.host, port: server.port, username: 'app', password: 'pw' })
  await adapter.initialize()
  const first = await adapter.consume({ topics: [{ topic: 'a', startFrom: 'latest' }], group: 'g' })
  const waiting = take(first, 1)
  const second = await adapter.consume({ topics: [{ topic: 'b', startFrom: 'latest' }], group: 'g' })
  const started = performance.now()
  for (let round = 0; round < 10; round++) {
    const taking = take(second, 1)
    await adapter.publish([{ topic: 'b', key: 'k', headers: {}, body: 'x' }])
    for (const delivery of await taking) await delivery.ack()
  }
  expect(performance.now() - started).toBeLessThan(4_000)
  await adapter.publish([{ topic: 'a', headers: {}, body: 'x' }])
  expect(await waiting).toHaveLength(1)
  await adapter.close()
  admin.disconnect()
})
