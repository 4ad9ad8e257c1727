import { EventBus, NonRetryableError } from '@bus/core'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, expect, it } from 'vitest'
import { closeAdapters, kafka, startedAdapter } from './kafka.ts'
import { freshTopic } from './worker.ts'

afterEach(closeAdapters)

/** What the broker knows of the groups: offsets with their metadata, members and state. */
async function groupsOf(topic: string, names: readonly string[]): Promise<unknown> {
  const admin = new Kafka({ brokers: (await kafka()).brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const groups = names.map((name) => `${name}.${topic}`)
    const described = await admin.describeGroups(groups)
    const offsets = await Promise.all(groups.map((groupId) => admin.fetchOffsets({ groupId, topics: [topic] })))
    return { described: described.groups, offsets, ends: await admin.fetchTopicOffsets(topic) }
  } finally {
    await admin.disconnect()
  }
}

it("replay and redrive leave every group's offsets on the topic as they were, to the last byte of their metadata", async () => {
  const adapter = await startedAdapter()
  const topic = freshTopic()
  const bus = new EventBus(adapter, 'test', { logger: { debug() {}, info() {}, warn() {}, error() {} } })
  let [handled, dead, ill] = [0, 0, true]
  bus.on('deadLetter', () => dead++)
  const handler = ({ payload }: { payload: number }): void => {
    if (ill && payload % 2 === 0) throw new NonRetryableError('no')
    handled++
  }
  const subscribe = (group: string): Promise<string> =>
    bus.subscribe(topic, handler, { consumerGroup: group, useDLQ: true })
  const publish = (from: number): Promise<unknown> =>
    bus.publishBatch(
      topic,
      Array.from({ length: 20 }, (_, n) => ({ type: 'placed', payload: from + n, key: `k${n % 7}` })),
    )
  const [billing, shipping] = [await subscribe('billing'), await subscribe('shipping')]
  await publish(0)
  await expect.poll(() => [handled, dead], { timeout: 30_000 }).toEqual([20, 20])
  await Promise.all([bus.unsubscribe(billing), bus.unsubscribe(shipping)])
  // Both are behind, and nobody is at it.
  await publish(100)
  const names = ['billing', 'shipping']
  const before = await groupsOf(topic, names)
  const read: unknown[] = []
  await bus.replay({ topic, into: ({ payload }) => void read.push(payload) })
  expect(read.length).toBe(40)
  expect((await bus.replay({ topic, limit: 10, into: { group: 'billing' } })).replayed).toBe(10)
  expect((await bus.deadLetters.redrive({ topic, group: 'billing' })).redriven).toBe(10)
  expect(await groupsOf(topic, names)).toEqual(before)
  // And while they are at work.
  ill = false
  await Promise.all([subscribe('billing'), subscribe('shipping')])
  await expect.poll(() => handled, { timeout: 30_000 }).toBe(20 + 40 + 20)
  const settled = async (): Promise<unknown> =>
    Promise.all(names.map(async (name) => (await adapter.inspect(topic, name))?.pending))
  await expect.poll(settled, { timeout: 10_000 }).toEqual([0, 0])
  const committed = async (): Promise<unknown> => {
    const { offsets, ends } = (await groupsOf(topic, names)) as {
      offsets: { partitions: { partition: number; offset: string }[] }[][]
      ends: { partition: number; offset: string }[]
    }
    const end = new Map(ends.map(({ partition, offset }) => [partition, offset]))
    return offsets
      .flat()
      .every(({ partitions }) => partitions.every(({ partition, offset }) => offset === end.get(partition)))
  }
  await expect.poll(committed, { timeout: 10_000 }).toBe(true)
  const working = await groupsOf(topic, names)
  await bus.replay({ topic, into: { group: 'billing' } })
  expect((await bus.deadLetters.redrive({ topic })).redriven).toBe(10)
  await expect.poll(() => handled, { timeout: 30_000 }).toBe(80 + 40 + 10)
  expect(await groupsOf(topic, names)).toEqual(working)
  await bus.close()
})
