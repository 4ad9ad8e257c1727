import type { Durability } from '@bus/core/spi'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
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
    const maker = adapterAt(cluster.brokers, { ...options, partitions: 1 })
    await maker.initialize()
    const topic = freshTopic()
    await maker.publish([{ topic, headers: {}, body: 'x' }])
    await asking.publish([{ topic, headers: {}, body: 'y' }])
  }
  return asking.durability()
}

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
    const good = { replicationFactor: 3, minInsyncReplicas: 2 }
    const lagging = { replicationFactor: 3, minInsyncReplicas: 1 }
    const tight = { replicationFactor: 2, minInsyncReplicas: 2 }
    const { summary, settings, warnings } = await told(good, lagging, lagging, tight)
    expect(summary).toMatch(/may be one only/)
    expect(settings).toMatchObject({ 'replication.factor': '3', 'min.insync.replicas': '1' })
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toMatch(/and 1 more have min\.insync\.replicas=1.*Set it to 2/)
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
})
