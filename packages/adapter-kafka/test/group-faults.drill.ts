import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaNode, type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { kafkajsDriver } from '../src/driver/kafkajs/index.ts'
import { settingsFrom } from '../src/settings.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

const sessionTimeoutMs = 6_000
let cluster: KafkaProcess | undefined

beforeAll(async () => {
  cluster = await startKafka({ how: 'process', brokers: 3 })
}, 240_000)
afterEach(closeAdapters)
afterAll(() => cluster?.stop())

function nodes(): readonly KafkaNode[] {
  return cluster?.nodes ?? []
}

async function coordinatorOf(group: string): Promise<KafkaNode> {
  const link = kafkajsDriver(settingsFrom({ brokers: cluster?.brokers ?? [] })).open()
  const id = await link.coordinator(group)
  link.close()
  return nodes().find((node) => node.id === id) as KafkaNode
}

/** What is done to the cluster; resolves when it is over. How long it lasts is part of it, hence the pauses. */
type Fault = (group: string) => Promise<void>

const faults: Readonly<Record<string, Fault>> = {
  'the coordinator is killed and comes back': async (group) => {
    const node = await coordinatorOf(group)
    await node.kill()
    await sleep(3_000)
    await node.restart()
  },
  'the coordinator stands still for longer than a session': async (group) => {
    const node = await coordinatorOf(group)
    node.pause()
    await sleep(2 * sessionTimeoutMs)
    node.resume()
  },
  'the coordinator stands still for a moment, again and again': async (group) => {
    for (let round = 0; round < 4; round++) {
      const node = await coordinatorOf(group)
      node.pause()
      await sleep(3_000)
      node.resume()
      await sleep(2_000)
    }
  },
  'all brokers are killed and come back': async () => {
    await Promise.all(nodes().map((node) => node.kill()))
    await sleep(1_000)
    await Promise.all(nodes().map((node) => node.restart()))
  },
}

describe('while members come and go', () => {
  it.each(Object.entries(faults))(
    '%s: nothing is lost, and it heals by itself',
    { timeout: 240_000 },
    async (name, fault) => {
      const topic = freshTopic()
      const adapters = Array.from({ length: 4 }, () =>
        adapterAt(cluster?.brokers ?? [], { publishTimeoutMs: 120_000, partitions: 6, sessionTimeoutMs }),
      )
      await Promise.all(adapters.map((adapter) => adapter.initialize()))
      const journal = new Journal()
      const options = { topics: [{ topic, startFrom: 'latest' as const }], group: 'g' }
      const join = (index: number): Promise<Worker> =>
        new Worker(`${index}`, journal, () => sleep(10)).start(adapters[index] as never, options)
      const steady = [await join(0), await join(1)]
      const isWell = (): boolean => steady.every(({ consumer }) => consumer?.state.status === 'ready')
      await until('they are ready', isWell)

      let faulty = true
      let published = 0
      const publishing = Promise.all(
        Array.from({ length: 20 }, async () => {
          while (faulty) {
            const n = published++
            await adapters[0]?.publish([{ topic, key: `k${n % 40}`, headers: {}, body: `${n}` }])
            // A pace, so that the fault is all through it.
            await sleep(50)
          }
        }),
      )
      const churning = (async () => {
        for (let turn = 2; faulty; turn = 5 - turn) {
          const guest = await join(turn).catch(() => undefined)
          // Long enough to have been given something, or to be in the middle of that.
          await sleep(1_500)
          await guest?.stop()
        }
      })()
      await until('there is a stream', () => journal.finished.size > 100)
      await fault(`g.${topic}`)
      const over = Date.now()
      await until('the steady ones are ready', isWell, 60_000)
      const healed = Date.now() - over
      faulty = false
      await Promise.all([publishing, churning])
      await until('everything is handled', () => journal.finished.size === published, 60_000)
      console.log(
        `${name}: well ${healed} ms after, ${published} handled, ${journal.duplicates.length} of them twice, ${journal.overlaps} at once`,
      )
      expect(journal.overlaps).toBe(0)
      for (let key = 0; key < 40; key++) {
        const ids = [...new Set(journal.keyOrder(`k${key}`).map(Number))]
        expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      }
      await Promise.all(steady.map((worker) => worker.stop()))
    },
  )
})
