import { RedisAdapter } from '@bus/adapter-redis'
import { redis8, RedisProcess, valkey8 } from '@bus/test-brokers'
import { describe, expect, it, vi } from 'vitest'
import { bodyOf, take } from './take.ts'

const message = { topic: 't', headers: {}, body: 'x' }
const programs: readonly [name: string, program: () => Promise<string>][] = [
  ['Redis 8', redis8],
  ['Valkey 8', valkey8],
]

async function on(
  args: readonly string[],
  program: string | undefined,
  use: (adapter: RedisAdapter, server: RedisProcess) => Promise<void>,
  waitReplicasMs?: number,
): Promise<void> {
  await using server = await RedisProcess.start({ args, ...(program === undefined ? {} : { program }) })
  const adapter = new RedisAdapter({ url: server.url, waitDisk: true, waitReplicasMs, warn: () => {} })
  await adapter.initialize()
  await use(adapter, server)
  await adapter.close()
}

describe('waiting for replicas', () => {
  it('does not take what they had before for what was published', async () => {
    await using primary = await RedisProcess.start()
    await using replica = await RedisProcess.start({ args: ['--replicaof', primary.host, `${primary.port}`] })
    const adapter = new RedisAdapter({ url: primary.url, waitReplicas: 1, waitReplicasMs: 1_000, warn: () => {} })
    await adapter.initialize()
    await vi.waitFor(() => adapter.publish([message]), 10_000)
    replica.pause()
    await expect(adapter.publish([message])).rejects.toThrow(/only 0 of 1 replicas had it within 1000 ms/)
    replica.resume()
    await vi.waitFor(() => adapter.publish([message]), 10_000)
    await adapter.close()
  })
})

describe('waiting for the disk', () => {
  it.each(programs)('keeps on %s what was published when the server is killed', async (_name, find) => {
    // Once a second by itself, so that nothing but the wait explains that it is there.
    await on(['--appendonly', 'yes', '--appendfsync', 'everysec'], await find(), async (adapter, server) => {
      expect((await adapter.durability()).summary).toContain("on the server's disk when publish() resolves")
      await Promise.all([adapter.publish([message]), adapter.publish([{ ...message, key: 'k' }])])
      await server.kill()
      await server.restart()
      const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
      expect((await take(member, 2)).map(bodyOf)).toEqual(['x', 'x'])
    })
  })

  it('does not take what was written before for what was published', async () => {
    await on(
      ['--appendonly', 'yes', '--appendfsync', 'no'],
      await redis8(),
      async (adapter) => {
        for (let n = 0; n < 2; n++)
          await expect(adapter.publish([message])).rejects.toThrow(/was not on the disk of the primary within 300 ms/)
      },
      300,
    )
  })

  it('says that it is not certain where there is no append-only file, or no such command', async () => {
    const unknown = { failures: [{ index: 0, stored: 'unknown' }] }
    await on([], await redis8(), async (adapter) => {
      const outcome = adapter.publish([message])
      await expect(outcome).rejects.toMatchObject(unknown)
      await expect(outcome).rejects.toThrow(/appendonly is disabled/)
    })
    await on(['--appendonly', 'yes'], undefined, async (adapter) => {
      const outcome = adapter.publish([message])
      await expect(outcome).rejects.toMatchObject(unknown)
      await expect(outcome).rejects.toThrow(/unknown command/)
    })
  })
})
