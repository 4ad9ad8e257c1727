import { codeName } from '../codes.ts'
import type { TopicInfo } from '../driver.ts'
import { compactText, encoded, noTags, Reader, varint } from './compact.ts'
import type { InnerBroker, ProtocolRequest } from './inner.ts'

const apiKey = 3
/** The first with the ids of topics, since Kafka 2.8; kafkajs 2.2.4 ends at 6. */
const apiVersion = 10
const anyId = Buffer.alloc(16)

/** Of all topics, if no name is given. Never creates one. */
export async function topicMetadata(broker: InnerBroker, names: readonly string[]): Promise<readonly TopicInfo[]> {
  if ((broker.versions[apiKey]?.maxVersion ?? 0) < apiVersion) return withoutIds(broker, names)
  try {
    return (await broker.connectionPool.send(request(names))) as readonly TopicInfo[]
  } catch (error) {
    // As its own requests do.
    if ((error as Error).name === 'KafkaJSConnectionClosedError') await broker.disconnect()
    throw error
  }
}

function request(names: readonly string[]): ProtocolRequest {
  const topics = names.map((name) => Buffer.concat([anyId, compactText(name), noTags]))
  const list = Buffer.concat([varint(topics.length === 0 ? 0 : topics.length + 1), ...topics])
  // Whether to create what is missing; whether to tell what the user may do with the cluster, and with topics.
  const [create, cluster, operations] = [0, 0, 0]
  return {
    request: {
      apiKey,
      apiVersion,
      apiName: 'Metadata',
      encode: async () => encoded([noTags, list, Buffer.from([create, cluster, operations]), noTags]),
    },
    response: { decode: async (bytes: Buffer) => decode(new Reader(bytes)), parse: async (data) => data },
  }
}

function decode(reader: Reader): readonly TopicInfo[] {
  reader.skipTags()
  reader.int32() // throttle time
  reader.list(() => {
    reader.int32()
    reader.text()
    reader.int32()
    reader.text()
    reader.skipTags()
  })
  reader.text() // cluster
  reader.int32() // controller
  return reader.list(() => topicInfo(reader))
}

function topicInfo(reader: Reader): TopicInfo {
  const error = codeName(reader.int16())
  const name = reader.text() ?? ''
  const id = reader.take(anyId.length)
  const internal = reader.boolean()
  const leaders: number[] = []
  let replicas = 0
  reader.list(() => {
    reader.int16() // its error: what matters of it shows in the leader
    const partition = reader.int32()
    leaders[partition] = reader.int32()
    reader.int32() // leader's epoch
    const nodes = reader.list(() => reader.int32()).length
    replicas = leaders.length === 1 ? nodes : Math.min(replicas, nodes)
    reader.list(() => reader.int32()) // in sync
    reader.list(() => reader.int32()) // offline
    reader.skipTags()
  })
  reader.int32() // operations
  reader.skipTags()
  return { name, id: id.equals(anyId) ? undefined : id.toString('base64url'), internal, error, leaders, replicas }
}

async function withoutIds(broker: InnerBroker, names: readonly string[]): Promise<readonly TopicInfo[]> {
  const { topicMetadata: topics } = (await broker.metadata([...names])) as unknown as {
    topicMetadata: readonly RawTopic[]
  }
  return topics.map(({ topic, topicErrorCode, isInternal, partitionMetadata }) => {
    const leaders: number[] = []
    for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader
    const replicas = Math.min(...partitionMetadata.map(({ replicas: nodes }) => nodes.length))
    const error = codeName(topicErrorCode)
    return { name: topic, id: undefined, internal: isInternal === true, error, leaders, replicas }
  })
}

interface RawTopic {
  readonly topic: string
  readonly topicErrorCode: number
  readonly isInternal?: boolean
  readonly partitionMetadata: readonly {
    readonly partitionId: number
    readonly leader: number
    readonly replicas: readonly number[]
  }[]
}
