import { Kafka, logLevel } from 'kafkajs'
import type { Consumer } from '@bus/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import { closeAdapters, kafka, startedAdapter } from './kafka.ts'
import { freshTopic, until } from './worker.ts'

afterEach(closeAdapters)

async function withAdmin<Result>(use: (admin: ReturnType<Kafka['admin']>) => Promise<Result>): Promise<Result> {
  const admin = new Kafka({ brokers: (await kafka()).brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

async function take(consumer: Consumer, count: number): Promise<string[]> {
  const bodies: string[] = []
  const signal = AbortSignal.timeout(25_000)
  while (bodies.length < count && !signal.aborted) {
    for (const delivery of await consumer.pull(100, signal)) {
      bodies.push(Buffer.from(delivery.message.body).toString())
      await delivery.ack()
    }
  }
  return bodies
}

describe('a consumer without a group', () => {
  it('leaves no group on the cluster', async () => {
    const adapter = await startedAdapter()
    const topic = freshTopic()
    const groups = (): Promise<readonly string[]> =>
      withAdmin(async (admin) => (await admin.listGroups()).groups.map(({ groupId }) => groupId))
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }] })
    await adapter.publish([{ topic, headers: {}, body: 'x' }])
    expect(await take(consumer, 1)).toEqual(['x'])
    await consumer.close()
    expect((await groups()).filter((group) => group.includes(topic))).toEqual([])
  })
})

describe('partitions that are added', () => {
  it('are consumed from their first message, by a group and without one', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    const topics = [{ topic, startFrom: 'latest' as const }]
    const [grouped, alone] = [await adapter.consume({ topics, group: 'g' }), await adapter.consume({ topics })]
    await until('the group is ready', () => grouped.state.status === 'ready')
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }))
    // An adapter that sees all four at once.
    const publisher = await startedAdapter()
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`)
    await publisher.publish(keys.map((key) => ({ topic, key, headers: {}, body: key })))
    expect((await take(alone, 40)).toSorted()).toEqual(keys.toSorted())
    expect((await take(grouped, 40)).toSorted()).toEqual(keys.toSorted())
  })

  it('begin with their first message also for a group that was away', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    const options = { topics: [{ topic, startFrom: 'latest' as const }], group: 'g' }
    await (await adapter.consume(options)).close()
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }))
    const later = await startedAdapter()
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`)
    await later.publish(keys.map((key) => ({ topic, key, headers: {}, body: key })))
    expect((await take(await later.consume(options), 40)).toSorted()).toEqual(keys.toSorted())
  })
})

describe('a topic that is deleted and made again', () => {
  it('is consumed from its beginning', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    const topics = [{ topic, startFrom: 'latest' as const }]
    const [grouped, alone] = [await adapter.consume({ topics, group: 'g' }), await adapter.consume({ topics })]
    await adapter.publish(['a', 'b', 'c'].map((body) => ({ topic, headers: {}, body })))
    expect(await take(grouped, 3)).toEqual(['a', 'b', 'c'])
    expect(await take(alone, 3)).toEqual(['a', 'b', 'c'])
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }))
    await adapter.publish([{ topic, headers: {}, body: 'd' }])
    expect(await take(grouped, 1)).toEqual(['d'])
    expect(await take(alone, 1)).toEqual(['d'])
  })
})

describe('what others wrote', () => {
  it('of a transaction only what was committed is delivered, in history too, and the group gets past the rest', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    await adapter.publish([{ topic, headers: {}, body: 'before' }])
    const producer = new Kafka({ brokers: (await kafka()).brokers, logLevel: logLevel.NOTHING }).producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    for (const [body, commit] of [
      ['dropped', false],
      ['kept', true],
      ['dropped too', false],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value: body }, { value: `${body} 2` }] })
      await (commit ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
    expect(await take(consumer, 3)).toEqual(['before', 'kept', 'kept 2'])
    const history: string[] = []
    for await (const { body } of adapter.read({ topic })) history.push(Buffer.from(body).toString())
    expect(history).toEqual(['before', 'kept', 'kept 2'])
    await until('nothing is left', async () => (await adapter.inspect(topic, 'g'))?.lag === 0)
    await consumer.close()
    expect(await adapter.inspect(topic, 'g')).toEqual({ lag: 0, pending: 0, delayed: 0, oldestPendingMs: 0 })
  })

  it('comes as it is: no key, no value, headers twice', async () => {
    const adapter = await startedAdapter({ partitions: 1 })
    const topic = freshTopic()
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
    const producer = new Kafka({ brokers: (await kafka()).brokers, logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ value: null, headers: { a: ['one', 'two'], b: Buffer.from('ü') } }] })
    await producer.disconnect()
    const [delivery] = await consumer.pull(1, AbortSignal.timeout(10_000))
    expect(delivery?.message.key).toBeUndefined()
    expect(delivery?.message.body.length).toBe(0)
    expect(delivery?.message.headers).toEqual({ a: 'two', b: 'ü' })
  })
})

describe('what is kept on purpose', () => {
  it('is outlived by what a topic of the bus says of it', async () => {
    const adapter = await startedAdapter({ keptRetentionMs: 86_400_000 })
    const topic = `${freshTopic()}.g.dlq`
    await adapter.publish(
      [topic, `__${topic}`].map((name) => ({ topic: name, headers: {}, body: 'x', retention: 'kept' })),
    )
    const retention = await withAdmin(async (admin) => {
      const resources = [topic, `__${topic}`].map((name) => ({ type: 2, name, configNames: ['retention.ms'] }))
      const answer = await admin.describeConfigs({ resources, includeSynonyms: false })
      return answer.resources.map(({ configEntries }) => Number(configEntries[0]?.configValue))
    })
    expect(retention[0]).toBe(86_400_000)
    expect(retention[1]).toBeGreaterThan(86_400_000 + 7 * 86_400_000)
  })
})
