import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { Worker } from './worker.ts'

it('killed connections, lost groups, forgotten scripts and foreign entries in the middle of traffic lose nothing', async () => {
  await using server = await startRedis({ how: 'process' })
  const handled = new Map<string, number>()
  const open = async (): Promise<RedisAdapter> => {
    const adapter = new RedisAdapter({ url: server.url, leaseMs: 2_000, warn: () => {} })
    await adapter.initialize()
    return adapter
  }
  const adapters = await Promise.all([open(), open(), open()])
  const [publisher, ...consuming] = adapters
  const workers = await Promise.all(
    consuming.map((adapter) =>
      Worker.start({
        adapter,
        topic: 't',
        group: 'g',
        handle: async ({ message }) => {
          const body = Buffer.from(message.body).toString()
          handled.set(body, (handled.get(body) ?? 0) + 1)
          await sleep(1)
        },
      }),
    ),
  )
  const admin = new Redis(server.url)
  const expected: string[] = []
  let [publishing, unsettled] = [true, 0]
  const callers = Array.from({ length: 20 }, async (_, caller) => {
    for (let n = 0; publishing; n++) {
      const body = `${caller}:${n}`
      unsettled++
      await publisher
        .publish([{ topic: 't', headers: {}, body, key: caller % 2 === 0 ? `k${caller}` : undefined }])
        .then(
          () => expected.push(body),
          () => {},
        )
      unsettled--
      await sleep(5)
    }
  })
  const faults = [
    () => admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
    () => admin.call('XGROUP', 'DESTROY', '{bus:t}', 'g'),
    () => admin.script('FLUSH'),
    () => admin.xadd('{bus:t}', '*', 'from', 'elsewhere', 'bytes', Buffer.from([0xff, 0x00])),
    ...[0, 5, 11].map((partition) => () => admin.call('XGROUP', 'DESTROY', `{bus:t}:${partition}`, 'g')),
  ]
  for (let round = 0; round < 3; round++) {
    for (const fault of faults) {
      await fault()
      const goal = expected.length + 50
      await expect.poll(() => expected.length, { timeout: 10_000, interval: 10 }).toBeGreaterThan(goal)
    }
  }
  publishing = false
  await Promise.all(callers)
  await expect.poll(() => expected.filter((body) => !handled.has(body)), { timeout: 20_000 }).toEqual([])
  const again = [...handled.values()].reduce((sum, count) => sum + count - 1, 0)
  console.log(`${expected.length} stored, ${unsettled} never settled, ${again} handled again`)
  expect(unsettled).toBe(0)
  expect([...handled.keys()].filter((body) => body.includes('elsewhere'))).toHaveLength(1)
  expect(expected.length).toBeGreaterThan(1_000)
  await Promise.all(workers.map((worker) => worker.leave()))
  await Promise.all(adapters.map((adapter) => adapter.close()))
  admin.disconnect()
})
