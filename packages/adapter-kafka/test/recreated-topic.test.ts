import { EventBus } from '@bus/core'
import type { Message } from '@bus/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import { kafkajsDriver } from '../src/driver/kafkajs/index.ts'
import type { KafkaAdapter } from '../src/index.ts'
import { settingsFrom } from '../src/settings.ts'
import { deleteTopics } from './admin.ts'
import { closeAdapters, kafka, startedAdapter } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

afterEach(closeAdapters)

const single = { partitions: 1, logger: {} }

/** Another topic of the same name, with an empty log. */
async function makeAnew(topic: string): Promise<void> {
  const { brokers } = await kafka()
  await deleteTopics(brokers, [topic])
  const link = kafkajsDriver(settingsFrom({ brokers })).open()
  await link.createTopic({ name: topic, partitions: 1, replicas: 1, config: {} })
  link.close()
}

function events(topic: string, name: string, count: number): Message[] {
  return Array.from({ length: count }, (_, n) => ({ topic, key: `k${n % 7}`, headers: {}, body: `${name}-${n}` }))
}

/** With a client that has not known the topic before. */
async function publishAnew(topic: string, count: number): Promise<void> {
  await (await startedAdapter(single)).publish(events(topic, 'new', count))
}

function bodies(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${name}-${n}`)
}

async function handledFrom(adapter: KafkaAdapter, topic: string, count: number): Promise<Journal> {
  const journal = new Journal()
  const worker = await new Worker('again', journal, async () => {}).start(adapter, {
    topics: [{ topic, startFrom: 'latest' }],
    group: 'g',
  })
  await until('all of the new log is handled', () => journal.finished.has(`new-${count - 1}`))
  await worker.stop()
  return journal
}

describe('a topic that is deleted and made again, and whose log has outgrown the old one', () => {
  it('is handled from its start by a group that was away', async () => {
    const topic = freshTopic()
    const seen: number[] = []
    const subscribed = async (): Promise<EventBus> => {
      const bus = new EventBus(await startedAdapter(single), 'shop')
      await bus.subscribe(topic, ({ payload }) => void seen.push((payload as { n: number }).n), { consumerGroup: 'g' })
      return bus
    }
    const bus = await subscribed()
    for (let n = 0; n < 5; n++) await bus.publish(topic, 'e', { n })
    await until('the old log is handled', () => seen.length === 5)
    await bus.close()
    await makeAnew(topic)
    const publisher = new EventBus(await startedAdapter(single), 'shop')
    for (let n = 100; n < 120; n++) await publisher.publish(topic, 'e', { n })
    const again = await subscribed()
    await until('the new log is handled', () => seen.length === 25)
    expect(seen.slice(5)).toEqual(Array.from({ length: 20 }, (_, n) => 100 + n))
    await Promise.all([publisher.close(), again.close()])
  })

  it('is handled from its start also where the cluster still has the old position', async () => {
    const topic = freshTopic()
    const group = `g.${topic}`
    const adapter = await startedAdapter(single)
    const journal = new Journal()
    const worker = await new Worker('g', journal, async () => {}).start(adapter, {
      topics: [{ topic, startFrom: 'latest' }],
      group: 'g',
    })
    await adapter.publish(events(topic, 'old', 5))
    await until('the old log is handled', () => journal.finished.size === 5)
    await worker.stop()
    const link = kafkajsDriver(settingsFrom({ brokers: (await kafka()).brokers })).open()
    const node = await link.coordinator(group)
    const old = await link.committed(node, group, [{ topic, partition: 0 }])
    expect(old).toMatchObject([{ offset: 5 }])
    await makeAnew(topic)
    await publishAnew(topic, 20)
    // As a member does that has not noticed yet.
    expect(await link.commit(node, group, old)).toMatchObject([{ error: undefined }])
    link.close()
    const after = await handledFrom(await startedAdapter(single), topic, 20)
    expect([...after.finished]).toEqual(bodies('new', 20))
  })

  it('is handled from its start by a member that had no reason to look meanwhile', async () => {
    const topic = freshTopic()
    const adapter = await startedAdapter(single)
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
    await until('it has joined', () => consumer.state.status === 'ready')
    await adapter.publish(events(topic, 'old', 600))
    const seen: string[] = []
    const handle = async (max: number): Promise<void> => {
      for (const delivery of await consumer.pull(max, AbortSignal.timeout(30_000))) {
        seen.push(Buffer.from(delivery.message.body).toString())
        await delivery.ack()
      }
    }
    // From then on it has so much that it does not fetch.
    await handle(1)
    await until('it has enough', async () => ((await adapter.inspect(topic, 'g'))?.lag ?? 0) >= 599)
    await makeAnew(topic)
    await publishAnew(topic, 1_000)
    const news = (): Set<string> => new Set(seen.filter((id) => id.startsWith('new')))
    await until('all of the new log is handled', async () => {
      await handle(100)
      return news().size === 1_000
    })
    await consumer.close()
  })
})
