import { EventBus } from '@bus/core'
import { TopicMissingError } from '@bus/core/spi'
import { type Kafka as Broker, kafkaTool, startKafka } from '@bus/test-brokers'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { KafkaAdapter, KafkaAdapterOptions } from '../src/index.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, until } from './worker.ts'

describe.each(['true', 'false'])('with auto.create.topics.enable=%s', (automatic) => {
  let broker: Promise<Broker> | undefined

  afterEach(closeAdapters)
  afterAll(async () => (await broker)?.stop())

  async function started(options: Partial<KafkaAdapterOptions> = {}): Promise<KafkaAdapter> {
    broker ??= startKafka({ how: 'process', properties: { 'auto.create.topics.enable': automatic } })
    const adapter = adapterAt((await broker).brokers, options)
    await adapter.initialize()
    return adapter
  }

  async function withAdmin<Result>(use: (admin: ReturnType<Kafka['admin']>) => Promise<Result>): Promise<Result> {
    const admin = new Kafka({ brokers: (await broker)?.brokers ?? [], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }

  const missing = (error: unknown): TopicMissingError => {
    expect(error).toBeInstanceOf(TopicMissingError)
    return error as TopicMissingError
  }

  it('topics are made as the options say, and by nobody else', async () => {
    const adapter = await started({ partitions: 5, replicationFactor: 1, minInsyncReplicas: 1, retentionMs: 3_600_000 })
    const [published, consumed] = [freshTopic(), freshTopic()]
    await adapter.publish([{ topic: published, key: 'k', headers: {}, body: 'x' }])
    await adapter.publish([{ topic: `${published}.g.dlq`, headers: {}, body: 'x', retention: 'kept' }])
    await adapter.consume({ topics: [{ topic: consumed, startFrom: 'latest' }], group: 'g' })
    await withAdmin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [published, consumed] })
      expect(topics.map(({ partitions }) => partitions.length)).toEqual([5, 5])
      const names = ['message.timestamp.type', 'retention.ms', 'min.insync.replicas']
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [published, consumed, `${published}.g.dlq`].map((name) => ({ type: 2, name, configNames: names })),
      })
      const configs = resources.map(({ configEntries }) =>
        names.map((name) => configEntries.find((entry) => entry.configName === name)?.configValue),
      )
      const hour = ['LogAppendTime', '3600000', '1']
      expect(configs).toEqual([hour, hour, ['LogAppendTime', `${30 * 24 * 3_600_000}`, '1']])
    })
  })

  it('where they must exist, none is made, and the error has what makes them', { timeout: 120_000 }, async () => {
    const [strict, topic] = [await started({ topics: 'require', partitions: 2 }), freshTopic()]
    const retry = `${topic}.g.retry`
    const topics = [topic, retry].map((name) => ({ topic: name, startFrom: 'latest' as const }))
    const publish = (): Promise<void> => strict.publish([{ topic, headers: {}, body: 'x' }])

    const toPublish = missing(await publish().catch((error: Error) => error.cause))
    expect(toPublish.topics).toEqual([topic])
    missing(await strict.consume({ topics: [{ topic, startFrom: 'latest' }] }).catch((error: unknown) => error))
    const toConsume = missing(await strict.consume({ topics, group: 'g' }).catch((error: unknown) => error))
    expect(toConsume.topics).toEqual([topic, retry])
    for await (const _ of strict.read({ topic })) expect.unreachable('There is no such topic.')
    expect(await strict.inspect(topic, 'g')).toBeUndefined()
    expect(await strict.listTopics()).not.toContain(topic)
    await withAdmin(async (admin) => {
      expect((await admin.listTopics()).filter((name) => name.startsWith(topic))).toEqual([])
    })

    const commands = [...toConsume.message.matchAll(/^kafka-topics\.sh (.+)$/gm)]
    expect(commands).toHaveLength(2)
    for (const [, args = ''] of commands) await kafkaTool('topics', args.split(' '))
    const bus = new EventBus(strict)
    const seen: unknown[] = []
    const options = { consumerGroup: 'g', retry: { initialDelayMs: 10, holdUpToMs: 0, jitter: 0 } }
    await bus.subscribe(
      topic,
      (event, { attempt }) => {
        seen.push([event.payload, attempt])
        if (attempt === 1) throw new Error('once')
      },
      options,
    )
    await bus.publish(topic, 'made', 'by hand')
    await until('it is handled twice', () => seen.length === 2)
    expect(seen).toEqual([
      ['by hand', 1],
      ['by hand', 2],
    ])
    await bus.close()
  })
})
