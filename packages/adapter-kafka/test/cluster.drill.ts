import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

let cluster: KafkaProcess | undefined

beforeAll(async () => {
  cluster = await startKafka({ how: 'process', brokers: 3 })
}, 240_000)
afterEach(closeAdapters)
afterAll(() => cluster?.stop())

describe('three brokers', () => {
  it(
    'lose nothing, and store nothing twice, while each of them goes and comes back',
    { timeout: 300_000 },
    async () => {
      const topic = freshTopic()
      const adapters = Array.from({ length: 3 }, () =>
        adapterAt(cluster?.brokers ?? [], { publishTimeoutMs: 60_000, partitions: 6, sessionTimeoutMs: 10_000 }),
      )
      await Promise.all(adapters.map((adapter) => adapter.initialize()))
      const [publishing, one, two] = adapters
      const journal = new Journal()
      const options = { topics: [{ topic, startFrom: 'latest' as const }], group: 'g' }
      const workers = [
        await new Worker('one', journal, () => sleep(1)).start(one as never, options),
        await new Worker('two', journal, () => sleep(1)).start(two as never, options),
      ]
      let restarting = true
      const restarts = (async () => {
        for (const [round, node] of (cluster?.nodes ?? []).entries()) {
          // The others are to be all well in between, and then for a while.
          await sleep(1_500)
          if (round === 1) await node.kill()
          await node.restart()
        }
      })().finally(() => (restarting = false))
      const stored = new Set<string>()
      const failures: unknown[] = []
      let next = 0
      const publisher = async (): Promise<void> => {
        while (restarting || next < 2_000) {
          const body = `${next++}`
          try {
            await publishing?.publish([{ topic, key: `k${Number(body) % 60}`, headers: {}, body }])
            stored.add(body)
          } catch (error) {
            failures.push(error)
          }
          // A pace, so that the restarts are all through it.
          await sleep(5)
        }
      }
      await Promise.all(Array.from({ length: 50 }, publisher))
      await restarts
      expect(failures).toEqual([])
      await until('all arrive', () => [...stored].every((id) => journal.finished.has(id)), 60_000)
      const log: string[] = []
      for await (const { body } of one?.read({ topic }) ?? []) log.push(Buffer.from(body).toString())
      expect(log.length).toBe(new Set(log).size)
      expect(log.length).toBe(stored.size)
      expect(journal.overlaps).toBe(0)
      const ids = (key: string): number[] => journal.keyOrder(key).map(Number)
      // Duplicates may be; the first time of each is in order.
      for (let key = 0; key < 60; key++) {
        const first = [...new Set(ids(`k${key}`))]
        expect(first).toEqual(first.toSorted((a, b) => a - b))
      }
      console.log(`cluster: ${stored.size} stored, ${journal.duplicates.length} delivered twice`)
      await Promise.all(workers.map((worker) => worker.stop()))
    },
  )
})
