import type { Durability } from '@bus/core/spi'
import { type KafkaProcess, kafkaTool, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { KafkaAdapterOptions } from '../src/index.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic } from './worker.ts'

let cluster: KafkaProcess

beforeAll(async () => {
  cluster = await startKafka({ how: 'process', brokers: 3 })
}, 240_000)
afterEach(closeAdapters)
afterAll(() => cluster.stop())

/** Asked by a process that has published to one topic for each of `created`. */
async function told(...created: Partial<KafkaAdapterOptions>[]): Promise<Durability> {
  const asking = adapterAt(cluster.brokers)
  await asking.initialize()
  for (const options of created) {
    const topic = freshTopic()
    await make(topic, options)
    await asking.publish([{ topic, headers: {}, body: 'y' }])
  }
  return asking.durability()
}

async function make(topic: string, options: Partial<KafkaAdapterOptions>): Promise<void> {
  const maker = adapterAt(cluster.brokers, { partitions: 1, ...options })
  await maker.initialize()
  await maker.publish([{ topic, headers: {}, body: 'x' }])
}

const good = { replicationFactor: 3, minInsyncReplicas: 2 }

describe('what an event survives', () => {
  it('is nothing much with one replica, which is a warning', async () => {
    const { summary, settings, warnings } = await told({ replicationFactor: 1, minInsyncReplicas: 1 })
    expect(summary).toMatch(/^Events are with one broker only/)
    expect(settings).toMatchObject({ acks: 'all', 'replication.factor': '1', 'min.insync.replicas': '1' })
    expect(settings['unclean.leader.election.enable']).toBe('false')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/one replica only.*KAFKA_REPLICATION_FACTOR/)
  })

  it('is the loss of brokers with two in-sync replicas of three, and all is well', async () => {
    const { summary, settings, warnings } = await told({ replicationFactor: 3, minInsyncReplicas: 2 })
    expect(summary).toMatch(/at least 2 of 3 replicas.*survive the loss of 1 /)
    expect(settings).toMatchObject({ 'replication.factor': '3', 'min.insync.replicas': '2' })
    expect(warnings).toEqual([])
  })

  it('is told of the topic that is kept worst, and each weakness once', async () => {
    const lagging = { replicationFactor: 3, minInsyncReplicas: 1 }
    const tight = { replicationFactor: 2, minInsyncReplicas: 2 }
    const { summary, settings, warnings } = await told(good, lagging, lagging, tight)
    expect(summary).toMatch(/may be one only/)
    expect(settings).toMatchObject({ 'replication.factor': '3', 'min.insync.replicas': '1' })
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toMatch(/^Topics "[^"]+" and "[^"]+" have min\.insync\.replicas=1.*Set it to 2/)
    expect(warnings[1]).toMatch(/nothing can be published while one is down/)
  })

  it("follows from the broker's defaults while there are no topics", async () => {
    const { summary, settings } = await told()
    expect(summary).toMatch(/at least 2 of 3 replicas/)
    expect(settings).toMatchObject({ 'replication.factor': '3', 'min.insync.replicas': '2' })
    const lone = adapterAt(cluster.brokers, { replicationFactor: 1 })
    await lone.initialize()
    expect((await lone.durability()).warnings.join()).toMatch(/^Topics that are created .* one replica only/)
  })

  it('is told of topics by name to a process that uses none of them', async () => {
    const topics = [freshTopic(), freshTopic(), freshTopic()]
    const [first = '', weak = '', last = ''] = topics
    await Promise.all([make(first, good), make(weak, { replicationFactor: 1, minInsyncReplicas: 1 }), make(last, good)])
    const asking = adapterAt(cluster.brokers)
    await asking.initialize()
    expect((await asking.durability()).warnings, 'What would be created is kept well.').toEqual([])
    const { summary, settings, warnings } = await asking.durability(undefined, topics)
    expect(summary).toMatch(/^Events are with one broker only/)
    expect(settings).toMatchObject({ 'replication.factor': '1' })
    expect(warnings).toEqual([expect.stringContaining(`Topic "${weak}" has one replica only`)])
    expect((await asking.durability(undefined, [first, freshTopic()])).warnings).toEqual([])
    expect((await asking.durability(undefined, [freshTopic()])).summary).toMatch(/at least 2 of 3 replicas/)
  })

  it('is told with what else is wrong: partitions, retention, whose clock', async () => {
    const topic = freshTopic()
    const beside = `${topic}.billing.retry`
    const tool = (...args: string[]): Promise<string> =>
      kafkaTool('topics', ['--bootstrap-server', cluster.brokers.join(','), '--topic', topic, ...args])
    await tool('--create', '--partitions', '1', '--replication-factor', '3')
    await make(beside, { ...good, keptRetentionMs: 60_000 })
    await make(`${topic}.billing.dlq`, good)
    await tool('--alter', '--partitions', '3')
    const asking = adapterAt(cluster.brokers)
    await asking.initialize()
    // Brokers know of partitions a moment after the controller.
    await vi.waitFor(
      async () =>
        expect((await asking.durability(undefined, [topic, beside, `${topic}.billing.dlq`])).warnings).toEqual([
          expect.stringMatching(`^Topic "${beside}" \\(1, not 3\\) has not as many partitions`),
          expect.stringMatching(`^Topic "${beside}" \\(60000, not 2592000000\\) has a retention.ms below`),
          expect.stringMatching(`^Topic "${topic}" has message.timestamp.type=CreateTime`),
        ]),
      { timeout: 20_000 },
    )
    const always = adapterAt(cluster.brokers, { keptRetentionMs: 60_000 })
    await always.initialize()
    expect((await always.durability(undefined, [beside])).warnings, 'As long as is wanted.').toEqual([])
  })
})
