import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { RedisAdapter } from '@bus/adapter-redis'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'

const events = 1_000_000
const maxLength = 50_000
const batch = 1_000
const mebibyte = 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

it('a million events through one group leave no more behind than retention says', { timeout: 600_000 }, async () => {
  await using server = await startRedis({ how: 'process' })
  const admin = new Redis(server.url)
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]) / mebibyte
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed / mebibyte
  }
  const adapter = new RedisAdapter({ url: server.url, retention: { maxLength } })
  await adapter.initialize()
  const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
  let handled = 0
  const ended = new AbortController()
  const consuming = (async () => {
    while (!ended.signal.aborted) {
      for (const delivery of await member.pull(500, ended.signal)) {
        handled++
        void delivery.ack()
      }
    }
  })()
  const body = 'x'.repeat(400)
  const publish = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += batch) {
      await adapter.publish(
        Array.from({ length: batch }, (_, n) => ({
          topic: 't',
          headers: {},
          body,
          key: n % 2 === 0 ? undefined : `k${n % 50}`,
        })),
      )
      // The group keeps up: what it has not handled would rightly stay.
      while (at - handled > 20 * batch) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    while (handled < to) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const length = async (): Promise<number> => {
    const keys = await admin.keys('{bus:t}*')
    const streams = keys.filter((key) => /^\{bus:t\}(:\d+)?$/.test(key))
    return (await Promise.all(streams.map((key) => admin.xlen(key)))).reduce((sum, one) => sum + one, 0)
  }
  // As much as retention keeps.
  await publish(0, maxLength)
  const before = { used: await used(), heap: heap() }
  const started = performance.now()
  await publish(maxLength, events)
  const seconds = (performance.now() - started) / 1_000
  // Nodes of a stream are removed whole, 17 streams here.
  await expect.poll(length, { timeout: 30_000, interval: 500 }).toBeLessThan(maxLength * 1.1)
  const after = { used: await used(), heap: heap(), length: await length() }
  console.log(
    `${events} events, ${Math.round((events - maxLength) / seconds)}/s; ${after.length} kept of ${maxLength}; Redis ${before.used.toFixed(1)} -> ${after.used.toFixed(1)} MiB, heap ${before.heap.toFixed(1)} -> ${after.heap.toFixed(1)} MiB`,
  )
  expect(handled).toBe(events)
  expect(after.used).toBeLessThan(before.used * 1.3 + 5)
  expect(after.heap).toBeLessThan(before.heap + 20)
  ended.abort()
  await consuming
  await adapter.close()
  admin.disconnect()
})
