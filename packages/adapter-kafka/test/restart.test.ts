import { setTimeout as sleep } from 'node:timers/promises'
import { PublishError } from '@bus/core/spi'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaAdapter } from '../src/index.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

let broker: KafkaProcess

beforeAll(async () => {
  broker = await startKafka({ how: 'process' })
})
afterEach(closeAdapters)
afterAll(() => broker.stop())

async function started(): Promise<KafkaAdapter> {
  // Longer than the broker is away: a member whose session ends does what was not committed once more.
  const adapter = adapterAt(broker.brokers, { publishTimeoutMs: 60_000, sessionTimeoutMs: 30_000 })
  await adapter.initialize()
  return adapter
}

/** `count` events by `publishers` at once; what became of each. */
async function publishAll(
  adapter: KafkaAdapter,
  topic: string,
  count: number,
  publishers: number,
  during?: (sent: number) => void,
) {
  let next = 0
  const stored = new Set<string>()
  const failed = new Map<string, unknown>()
  const publisher = async (): Promise<void> => {
    while (next < count) {
      const n = next++
      during?.(n)
      try {
        await adapter.publish([{ topic, key: `k${n % 50}`, headers: {}, body: `${n}` }])
        stored.add(`${n}`)
      } catch (error) {
        failed.set(`${n}`, error)
      }
    }
  }
  await Promise.all(Array.from({ length: publishers }, publisher))
  return { stored, failed }
}

async function history(adapter: KafkaAdapter, topic: string): Promise<readonly string[]> {
  const bodies: string[] = []
  for await (const { body } of adapter.read({ topic })) bodies.push(Buffer.from(body).toString())
  return bodies
}

describe('a broker that is killed and comes back', () => {
  it('loses nothing that was published, stores nothing twice, and the group and the reader without one go on', async () => {
    const topic = freshTopic()
    const [publishing, consuming] = [await started(), await started()]
    const journal = new Journal()
    const alone = new Journal()
    const worker = await new Worker('g', journal, () => sleep(1)).start(consuming, {
      topics: [{ topic, startFrom: 'latest' }],
      group: 'g',
    })
    const solo = await new Worker('solo', alone, async () => {}).start(consuming, {
      topics: [{ topic, startFrom: 'latest' }],
    })
    let restarting: Promise<void> | undefined
    const { stored, failed } = await publishAll(publishing, topic, 4_000, 100, (sent) => {
      if (sent === 1_300 || sent === 2_600) restarting = broker.nodes[0]?.kill().then(() => broker.nodes[0]?.restart())
    })
    await restarting
    expect([...failed.values()]).toEqual([])
    expect(stored.size).toBe(4_000)
    await until('the group has all', () => journal.finished.size === 4_000, 60_000)
    await until('the reader without a group has all', () => alone.finished.size === 4_000, 60_000)
    const log = await history(consuming, topic)
    expect(new Set(log).size).toBe(4_000)
    expect(log.length).toBe(4_000)
    expect(journal.overlaps).toBe(0)
    expect(journal.duplicates).toEqual([])
    expect(alone.duplicates).toEqual([])
    await until(
      'all is well',
      () => worker.consumer?.state.status === 'ready' && solo.consumer?.state.status === 'ready',
    )
    await Promise.all([worker.stop(), solo.stop()])
  })

  it('is noticed by ping and state, both ways, and a publish that waits settles', async () => {
    const topic = freshTopic()
    const adapter = adapterAt(broker.brokers, { publishTimeoutMs: 1_500, sessionTimeoutMs: 10_000 })
    await adapter.initialize()
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })
    await until('it is ready', () => consumer.state.status === 'ready')
    const ping = (): Promise<boolean> =>
      adapter.ping(AbortSignal.timeout(2_000)).then(
        () => true,
        () => false,
      )
    expect(await ping()).toBe(true)
    await broker.nodes[0]?.kill()
    expect(await ping()).toBe(false)
    const began = Date.now()
    const refused: unknown = await adapter.publish([{ topic, headers: {}, body: 'x' }]).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(PublishError)
    expect((refused as PublishError).failures.map(({ index }) => index)).toEqual([0])
    expect(Date.now() - began).toBeLessThan(4_000)
    await until('the consumer says so', () => consumer.state.status === 'failing', 5_000)
    await broker.nodes[0]?.restart()
    await until('ping answers', ping, 5_000)
    await until('the consumer is ready', () => consumer.state.status === 'ready', 15_000)
    await adapter.publish([{ topic, headers: {}, body: 'y' }])
    const [delivery] = await consumer.pull(1, AbortSignal.timeout(20_000))
    expect(Buffer.from(delivery?.message.body ?? '').toString()).toMatch(/[xy]/)
  })

  it('that only pauses is waited for', async () => {
    const topic = freshTopic()
    const adapter = await started()
    const journal = new Journal()
    const worker = await new Worker('g', journal, () => sleep(1)).start(adapter, {
      topics: [{ topic, startFrom: 'latest' }],
      group: 'g',
    })
    const publishing = publishAll(adapter, topic, 1_000, 20, (sent) => {
      if (sent === 500) {
        broker.nodes[0]?.pause()
        setTimeout(() => broker.nodes[0]?.resume(), 8_000)
      }
    })
    const { stored, failed } = await publishing
    expect([...failed.values()]).toEqual([])
    await until('all arrive', () => journal.finished.size === stored.size, 60_000)
    expect(journal.overlaps).toBe(0)
    await worker.stop()
  })
})
