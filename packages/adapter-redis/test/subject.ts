import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { RedisAdapter } from '@bus/adapter-redis'
import type { PrivateBackend, Subject } from '@bus/core/conformance'
import { startProxy, startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { adapterAt, leaseMs, ownPrefix, redisUrl } from './redis.ts'

const prefix = ownPrefix()
const member = fileURLToPath(new URL('conformance-member.ts', import.meta.url))

export const redisSubject: Subject = {
  name: 'redis',
  facts: { durable: true, shared: true, delays: true, countsRedeliveries: 'each', forwards: true, remote: true },
  leaseMs,
  create: () => adapterAt({ prefix }),
  async spawn(task) {
    const options = JSON.stringify({ url: await redisUrl(), prefix, leaseMs })
    return spawn(process.execPath, ['--conditions=@bus/source', member, options, task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  },
  privateBackend,
}

async function privateBackend(): Promise<PrivateBackend> {
  // What it has confirmed outlives it.
  const server = await startRedis({ how: 'process', args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  const proxy = await startProxy({ port: server.port })
  let released: Promise<unknown> | undefined
  return {
    create: () => new RedisAdapter({ host: proxy.host, port: proxy.port, leaseMs, warn: () => {} }),
    cut: () => proxy.cut(),
    restore: () => proxy.restore(),
    reset: () => proxy.reset(),
    async restart() {
      await server.kill()
      await server.restart()
    },
    async wipe() {
      const client = new Redis(server.url)
      await client.flushall()
      await client.quit()
    },
    release: async () => void (await (released ??= Promise.all([proxy.close(), server.stop()]))),
  }
}
