import { setTimeout as sleep } from 'node:timers/promises'
import { EventBus } from '@bus/core'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, until } from './worker.ts'

const events = 10_000
const publishers = 100
const keys = 200
/** How soon health follows, both ways. */
const followsMs = 5_000

let cluster: KafkaProcess | undefined

afterEach(closeAdapters)
afterAll(() => cluster?.stop())

/** How long it takes each bus to say so. */
async function become(healthy: boolean, buses: readonly EventBus[]): Promise<number> {
  const began = performance.now()
  await until(`isHealthy() is ${healthy}`, async () => {
    const all = await Promise.all(buses.map((bus) => bus.isHealthy()))
    return all.every((one) => one === healthy)
  })
  return Math.round(performance.now() - began)
}

describe(`${events} events of ${publishers} publishers at once, while all brokers are killed and come back, twice`, () => {
  it.each([1, 3] as const)(
    '%i broker(s): nothing is lost or stored twice, and health follows both ways',
    { timeout: 300_000 },
    async (brokers) => {
      await cluster?.stop()
      cluster = await startKafka({ how: 'process', brokers })
      const { nodes, brokers: addresses } = cluster
      const topic = freshTopic()
      const options = { publishTimeoutMs: 120_000, partitions: 6, sessionTimeoutMs: 10_000, logger: {} }
      const [publishing, consuming] = [0, 1].map(() => new EventBus(adapterAt(addresses, options), 'restarts')) as [
        EventBus,
        EventBus,
      ]
      const handled = new Map<number, number>()
      const order = new Map<string, number[]>()
      await consuming.subscribe(
        topic,
        ({ payload }, { key = '' }) => {
          const { n } = payload as { n: number }
          if (!handled.has(n)) order.set(key, [...(order.get(key) ?? []), n])
          handled.set(n, (handled.get(n) ?? 0) + 1)
        },
        { consumerGroup: 'g', concurrency: 10 },
      )
      await until('it is ready', async () => (await consuming.getHealth()).ready)

      const down: number[] = []
      const up: number[] = []
      const restart = async (): Promise<void> => {
        await Promise.all(nodes.map((node) => node.kill()))
        down.push(await become(false, [publishing, consuming]))
        await Promise.all(nodes.map((node) => node.restart()))
        up.push(await become(true, [publishing, consuming]))
      }
      const marks = [Math.floor(events / 3), Math.floor(events / 2)]
      let restarting = Promise.resolve()
      const resolved = new Set<number>()
      const failures: unknown[] = []
      let next = 0
      const publisher = async (): Promise<void> => {
        while (next < events) {
          const n = next++
          if (marks.includes(n)) restarting = restarting.then(restart)
          try {
            await publishing.publish(topic, 'e', { n }, { key: `k${n % keys}` })
            resolved.add(n)
          } catch (error) {
            failures.push(error)
          }
          // So that a restart is under way for many of them, not for the few that are left.
          await sleep(20)
        }
      }
      await Promise.all(Array.from({ length: publishers }, publisher))
      await restarting
      await until('all are handled', () => [...resolved].every((n) => handled.has(n)), 60_000)

      const log: number[] = []
      for await (const { payload } of consuming.history(topic)) log.push((payload as { n: number }).n)
      const twice = [...handled.values()].filter((times) => times > 1).length
      console.log(
        `${brokers} broker(s): ${resolved.size} resolved, ${failures.length} rejected, ${log.length} stored, ${log.length - new Set(log).size} twice, ` +
          `${twice} delivered twice; unhealthy after ${down.join(', ')} ms, healthy after ${up.join(', ')} ms`,
      )
      expect(failures).toEqual([])
      expect(resolved.size).toBe(events)
      expect(log.length).toBe(events)
      expect(new Set(log).size).toBe(events)
      for (const ms of [...down, ...up]) expect(ms).toBeLessThan(followsMs)
      for (const ids of order.values()) expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      await Promise.all([publishing.close(), consuming.close()])
    },
  )
})
