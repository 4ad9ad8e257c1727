import type { Message } from 'kafkajs'
import type { Settings } from '../../settings.ts'
import { codeName } from '../codes.ts'
import type * as seam from '../driver.ts'
import { codeOf, DriverError } from '../driver-error.ts'
import { explained, explainedError } from '../permissions.ts'
import { groupBy } from '../../group-by.ts'
import { openCluster } from './cluster.ts'
import { compressionTypes } from './compression.ts'
import { driverError } from './convert.ts'
import type { InnerBroker, InnerCluster } from './inner.ts'
import { within } from '../../pause.ts'
import { fetchedPartition, type RawPartition } from './records.ts'
import { type CallOptions, GroupCalls } from './group-calls.ts'
import { Sockets } from './sockets.ts'
import { topicMetadata } from './topic-metadata.ts'

const readCommitted = 1
/** Compressed with what no codec is known for. */
const unreadable = 'UNSUPPORTED_COMPRESSION_TYPE'
const pingMs = 4_000
/** Brokers keep to the time they are given, and then have to say so. */
const graceMs = 500
/** Nothing but a broken connection, or a broker that stands still, makes these requests last so long. */
const shortMs = 8_000

// https://kafka.apache.org/protocol.html, DescribeConfigs; Node does not find those of kafkajs among its exports.
const resourceTypes = { topic: 2, broker: 4 }

export class KafkajsLink extends GroupCalls implements seam.Link {
  readonly #settings: Settings
  readonly #fixes: boolean
  readonly #sockets = new Sockets()
  protected readonly shortMs: number
  #cluster: InnerCluster | undefined
  #closed = false

  constructor(settings: Settings, fixes: boolean) {
    super()
    this.#settings = settings
    this.#fixes = fixes
    this.shortMs = Math.min(settings.requestTimeout, shortMs)
  }

  async connect(): Promise<void> {
    await this.call(undefined, async () => {})
  }

  async ping(): Promise<void> {
    await this.call(undefined, (broker) => broker.apiVersions(), { ms: pingMs })
  }

  async topics(names: readonly string[] = []): Promise<readonly seam.TopicInfo[]> {
    return this.call(undefined, (broker) => topicMetadata(broker, names), { ms: this.shortMs })
  }

  async createTopic({ name, partitions, replicas, config }: seam.NewTopic): Promise<void> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    const topics = [{ topic: name, numPartitions: partitions, replicationFactor: replicas, configEntries }]
    const { topicErrors } = await this.call('controller', (broker) => broker.createTopics({ topics, timeout: 10_000 }))
    for (const { errorCode, errorMessage } of topicErrors) {
      const code = codeName(errorCode)
      if (code === undefined) continue
      const why = explained(code, { operation: 'Create', topic: name })
      throw new DriverError(code, why === code ? (errorMessage ?? code) : why, true)
    }
  }

  async settings(names: readonly string[], topic?: string): Promise<ReadonlyMap<string, string>> {
    const { resources } = await this.call(
      undefined,
      (broker) =>
        broker.describeConfigs({
          resources: [
            topic === undefined
              ? { type: resourceTypes.broker, name: String(broker.nodeId), configNames: names }
              : { type: resourceTypes.topic, name: topic, configNames: names },
          ],
        }),
      { ms: this.shortMs },
    )
    const entries = resources.flatMap(({ configEntries }) => configEntries)
    return new Map(
      entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]])),
    )
  }

  async offsets(
    node: number,
    topic: string,
    queries: readonly seam.OffsetQuery[],
  ): Promise<readonly seam.FoundOffset[]> {
    const partitions = queries.map(({ partition, at }) => ({ partition, timestamp: timestampOf(at) }))
    const request = { replicaId: -1, isolationLevel: readCommitted, topics: [{ topic, partitions }] }
    const { responses } = await this.call(node, (broker) => broker.listOffsets(request), { ms: this.shortMs })
    return responses.flatMap((response) =>
      response.partitions.map(({ partition, errorCode, offset }) => ({
        partition,
        error: codeName(errorCode),
        offset: Number(offset),
      })),
    )
  }

  async fetch(
    node: number,
    positions: readonly seam.FetchPosition[],
    limits: seam.FetchLimits,
  ): Promise<readonly seam.FetchedPartition[]> {
    try {
      return await this.#fetch(node, positions, limits)
    } catch (error) {
      if (codeOf(error) !== unreadable || positions.length === 1) throw error
      return this.#fetchEach(node, positions, { ...limits, maxWaitMs: 0 })
    }
  }

  /** kafkajs decodes all of an answer or nothing; what it cannot is not to hold up what is beside it. */
  async #fetchEach(
    node: number,
    positions: readonly seam.FetchPosition[],
    limits: seam.FetchLimits,
  ): Promise<readonly seam.FetchedPartition[]> {
    const found: seam.FetchedPartition[] = []
    for (const position of positions) {
      try {
        found.push(...(await this.#fetch(node, [position], limits)))
      } catch (error) {
        if (codeOf(error) !== unreadable) throw error
        found.push({ ...position, error: unreadable, records: [], next: undefined })
      }
    }
    return found
  }

  async #fetch(
    node: number,
    positions: readonly seam.FetchPosition[],
    { maxWaitMs, maxBytesPerPartition }: seam.FetchLimits,
  ): Promise<readonly seam.FetchedPartition[]> {
    const from = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
    const topics = [...groupBy(positions, ({ topic }) => topic)].map(([topic, list]) => ({
      topic,
      partitions: list.map(({ partition, offset }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes: maxBytesPerPartition,
      })),
    }))
    const request = {
      replicaId: -1,
      isolationLevel: readCommitted,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: 16 * 1024 * 1024,
      topics,
    }
    const { responses } = (await this.call(node, (broker) => broker.fetch(request), {
      ms: maxWaitMs + this.shortMs,
    })) as {
      responses: readonly { topicName: string; partitions: readonly RawPartition[] }[]
    }
    return responses.flatMap(({ topicName, partitions }) =>
      partitions.map((raw) => fetchedPartition(topicName, raw, from.get(`${topicName}/${raw.partition}`) ?? 0)),
    )
  }

  async groups(): Promise<readonly string[]> {
    // Each broker knows of those that it coordinates; one of the answer has the list of them all.
    const { brokers } = (await this.call(undefined, (broker) => broker.metadata(['__consumer_offsets']), {
      ms: this.shortMs,
    })) as unknown as { brokers: readonly { nodeId: number }[] }
    const ask = brokers.map(({ nodeId }) => this.call(nodeId, (broker) => broker.listGroups(), { ms: this.shortMs }))
    const answers = await Promise.all(ask)
    const groups = answers.flatMap((answer) => answer.groups)
    // A group that only commits offsets, without ever having had members, has no type.
    return groups
      .filter(({ protocolType }) => protocolType === 'consumer' || protocolType === '')
      .map(({ groupId }) => groupId)
  }

  async newIdentity(): Promise<seam.ProducerIdentity> {
    const { producerId, producerEpoch } = await this.call(
      undefined,
      (broker) => broker.initProducerId({ transactionTimeout: 60_000 }),
      { needed: { operation: 'Write' } },
    )
    return { id: producerId, epoch: producerEpoch }
  }

  async produce(
    node: number,
    batches: readonly seam.OutgoingBatch[],
    { identity, timeoutMs, compression }: seam.ProduceOptions,
  ): Promise<readonly seam.PartitionResult[]> {
    const topicData = [...groupBy(batches, ({ topic }) => topic)].map(([topic, list]) => ({
      topic,
      partitions: list.map(({ partition, firstSequence, records }) => ({
        partition,
        firstSequence,
        messages: records as Message[],
      })),
    }))
    const request = {
      acks: -1,
      timeout: timeoutMs,
      compression: compressionTypes[compression],
      topicData,
      // kafkajs types the id as a number and writes texts too; a number would not hold all of them.
      ...(identity === undefined
        ? {}
        : { producerId: identity.id as unknown as number, producerEpoch: identity.epoch }),
    }
    const answer = (await this.call(node, (broker) => broker.produce(request), { ms: timeoutMs + graceMs })) as {
      topics: readonly { topicName: string; partitions: readonly { partition: number; errorCode: number }[] }[]
    }
    return answer.topics.flatMap(({ topicName, partitions }) =>
      partitions.map(({ partition, errorCode }) => ({ topic: topicName, partition, error: codeName(errorCode) })),
    )
  }

  reset(): void {
    this.#sockets.reset()
  }

  close(): void {
    this.#closed = true
    this.#sockets.close()
  }

  protected async call<Result>(
    node: number | 'controller' | undefined,
    request: (broker: InnerBroker) => Promise<Result>,
    { ms, needed }: CallOptions = {},
  ): Promise<Result> {
    let broker: InnerBroker
    try {
      broker = await this.#broker(node)
    } catch (error) {
      throw this.#failure(error, false)
    }
    if (this.#closed) throw closed()
    try {
      const answer = request(broker)
      return await (ms === undefined ? answer : within(answer, ms, () => unanswered(ms)))
    } catch (error) {
      const failure = this.#failure(error, true)
      if (failure.code === 'TIMEOUT') this.reset()
      throw needed === undefined ? failure : explainedError(failure, needed)
    }
  }

  #failure(error: unknown, sent: boolean): DriverError {
    return this.#closed && !sent ? closed() : driverError(error, sent)
  }

  async #broker(node: number | 'controller' | undefined): Promise<InnerBroker> {
    if (this.#closed) throw closed()
    const cluster = (this.#cluster ??= openCluster(this.#settings, this.#sockets, this.#fixes))
    if (!cluster.isConnected()) await cluster.connect()
    if (cluster.getNodeIds().length === 0) await cluster.refreshMetadata()
    if (node === undefined) return cluster.brokerPool.findConnectedBroker()
    if (node === 'controller') return (await cluster.findControllerBroker()) as InnerBroker
    try {
      return (await cluster.findBroker({ nodeId: String(node) })) as InnerBroker
    } catch (error) {
      // It has looked for the brokers meanwhile: one that was not known yet may be known now.
      if (driverError(error, false).code !== 'CONNECTION' || !cluster.getNodeIds().map(String).includes(String(node)))
        throw error
      return (await cluster.findBroker({ nodeId: String(node) })) as InnerBroker
    }
  }
}

function unanswered(ms: number): DriverError {
  return new DriverError('TIMEOUT', `Kafka has not answered for ${ms} ms.`, true)
}

function closed(): DriverError {
  return new DriverError('CLOSED', 'The connection to Kafka is closed.', false)
}

function timestampOf(at: seam.OffsetQuery['at']): number {
  if (at === 'latest') return -1
  return at === 'earliest' ? -2 : at.time
}
