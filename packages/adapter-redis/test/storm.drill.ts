import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import { EventBus } from '@bus/core'
import { startProxy, startRedis } from '@bus/test-brokers'
import { expect, it } from 'vitest'

async function becomes(healthy: boolean, bus: EventBus): Promise<number> {
  const started = performance.now()
  while ((await bus.isHealthy()) !== healthy && performance.now() - started < 30_000) await sleep(50)
  return Math.round(performance.now() - started)
}

it('two restarts and a dead network lose nothing that was confirmed', { timeout: 240_000 }, async () => {
  await using server = await startRedis({ how: 'process', args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  await using proxy = await startProxy({ port: server.port })
  const warnings: string[] = []
  const adapter = new RedisAdapter({
    host: proxy.host,
    port: proxy.port,
    leaseMs: 5_000,
    warn: (message) => warnings.push(message),
  })
  const bus = new EventBus(adapter, 'storm', { logger: { debug() {}, info() {}, warn() {}, error() {} } })
  const handled = new Map<string, number>()
  await bus.subscribe(
    'storm',
    ({ payload }) => {
      const { id } = payload as { id: string }
      handled.set(id, (handled.get(id) ?? 0) + 1)
    },
    { consumerGroup: 'g', concurrency: 10 },
  )
  const resolved: string[] = []
  let [rejected, unsettled, next] = [0, 0, 0]
  const caller = async (): Promise<void> => {
    while (next < 10_000) {
      const id = `${next++}`
      unsettled++
      await bus.publish('storm', 'e', { id }, { key: `k${Number(id) % 100}` }).then(
        () => resolved.push(id),
        () => rejected++,
      )
      unsettled--
      await sleep(200)
    }
  }
  const publishing = Promise.all(Array.from({ length: 100 }, caller))
  await sleep(2_000)
  const down: number[] = []
  const up: number[] = []
  for (let restart = 0; restart < 2; restart++) {
    await server.kill()
    down.push(await becomes(false, bus))
    await server.restart()
    up.push(await becomes(true, bus))
    await sleep(2_000)
  }
  proxy.cut()
  const cutAt = performance.now()
  down.push(await becomes(false, bus))
  await sleep(Math.max(0, 10_000 - (performance.now() - cutAt)))
  proxy.restore()
  up.push(await becomes(true, bus))
  await publishing
  await expect.poll(() => resolved.filter((id) => !handled.has(id)), { timeout: 30_000 }).toEqual([])
  const twice = [...handled.values()].reduce((sum, count) => sum + count - 1, 0)
  console.log(
    `${resolved.length} resolved, ${rejected} rejected, ${unsettled} never settled, 0 lost, ${twice} handled again; unhealthy after ${down.join(', ')} ms, healthy again after ${up.join(', ')} ms; ${warnings.length} warnings`,
  )
  expect(unsettled).toBe(0)
  expect(Math.max(...down, ...up)).toBeLessThan(5_000)
  await bus.close()
  await adapter.close()
})
