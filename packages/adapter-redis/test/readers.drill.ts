import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import { startProxy } from '@bus/test-brokers'
import { expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'
import { bodyOf } from './take.ts'

const cutMs = 20_000

/** Publishes all the while; what was read, and how much was said to be lost, of so much. */
async function cutOff(leaseMs: number): Promise<{ read: number[]; said: number; published: number }> {
  const { hostname, port } = new URL(await redisUrl())
  await using proxy = await startProxy({ host: hostname, port: Number(port) })
  const [prefix, warnings] = [ownPrefix(), [] as string[]]
  const warn = (message: string): void => void warnings.push(message)
  const far = new RedisAdapter({ host: proxy.host, port: proxy.port, prefix, leaseMs, warn })
  const near = await adapterAt({ prefix, retention: { maxAgeMs: 2_000, maxLength: 500 } })
  await Promise.all([far.initialize(), near.initialize()])
  const reader = await far.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
  let published = 0
  let publishing = true
  const publisher = (async () => {
    while (publishing) {
      const bodies = Array.from({ length: 20 }, () => `${published++}`.padEnd(500, '.'))
      await near.publish(bodies.map((body, n) => ({ topic: 't', headers: {}, body, key: n % 2 ? `k${n}` : undefined })))
      await sleep(50)
    }
  })()
  const read: number[] = []
  const stop = new AbortController()
  const consuming = (async () => {
    while (!stop.signal.aborted) {
      const taken = await reader.pull(250, stop.signal).catch(() => sleep(50).then(() => []))
      for (const delivery of taken) {
        read.push(Number.parseInt(bodyOf(delivery)))
        void delivery.ack()
      }
    }
  })()
  await expect.poll(() => read.length, { timeout: 10_000 }).toBeGreaterThan(500)
  proxy.cut()
  await sleep(cutMs)
  proxy.restore()
  const atRestore = published
  // Some of what came after it, so that trimming goes on while the reader comes back.
  await expect.poll(() => read.at(-1), { timeout: 30_000 }).toBeGreaterThan(atRestore + 500)
  publishing = false
  await publisher
  await expect.poll(() => Math.max(...read.slice(-500)), { timeout: 10_000 }).toBe(published - 1)
  const said = warnings.flatMap((text) => /^.*?(\d+) events of topic "t" were removed/.exec(text)?.[1] ?? [])
  stop.abort()
  await consuming
  await Promise.all([far.close(), near.close()])
  return { read, said: said.reduce((sum, one) => sum + Number(one), 0), published }
}

it('a reader that is cut off for 20 s loses nothing while its lease lasts', { timeout: 120_000 }, async () => {
  const { read, said, published } = await cutOff(30_000)
  console.log(`lease 30 s: ${read.length} of ${published} read, ${said} said to be lost`)
  expect(new Set(read).size).toBe(published)
  expect([read.length, said]).toEqual([published, 0])
})

it('and is told of all that retention removed after its lease', { timeout: 120_000 }, async () => {
  const { read, said, published } = await cutOff(3_000)
  console.log(`lease 3 s: ${read.length} of ${published} read, ${said} said to be lost`)
  expect(said).toBeGreaterThan(1_000)
  expect(new Set(read).size).toBe(read.length)
  expect(read.length + said).toBe(published)
})
