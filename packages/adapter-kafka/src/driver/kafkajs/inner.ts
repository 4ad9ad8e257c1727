import type { Broker, Cluster } from 'kafkajs'
import type { Encoded } from './compact.ts'

// What kafkajs 2.2.4 has and does not declare. The dependency is pinned to that version; see `adjust.ts`.

/** https://github.com/tulios/kafkajs/blob/v2.2.4/src/broker/index.js */
export interface InnerBroker extends Broker {
  readonly nodeId: string | number
  readonly connectionPool: InnerConnectionPool
  /** What the broker speaks, by API key. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>
  heartbeat(request: { groupId: string; memberId: string; groupGenerationId: number }): Promise<unknown>
  joinGroup(request: {
    groupId: string
    memberId: string
    sessionTimeout: number
    rebalanceTimeout: number
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<JoinAnswer>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
  deleteGroups(groupIds: readonly string[]): Promise<{ results: readonly { errorCode: number }[] }>
  listGroups(): Promise<{ groups: readonly { groupId: string; protocolType: string }[] }>
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>
  createTopics(request: { topics: readonly unknown[]; timeout: number }): Promise<{
    topicErrors: readonly { topic: string; errorCode: number; errorMessage?: string | null }[]
  }>
  describeConfigs(request: {
    resources: readonly { type: number; name: string; configNames: readonly string[] }[]
  }): Promise<{
    resources: readonly { configEntries: readonly { configName: string; configValue: string | null }[] }[]
  }>
  listOffsets(request: {
    replicaId: number
    isolationLevel: number
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[]
  }): Promise<{ responses: readonly { partitions: readonly ListedOffset[] }[] }>
}

interface ListedOffset {
  readonly partition: number
  readonly errorCode: number
  readonly offset: string
}

export interface JoinAnswer {
  readonly errorCode: number
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}

export interface InnerConnection {
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
  readonly requestQueue: InnerRequestQueue
}

/** https://github.com/tulios/kafkajs/blob/v2.2.4/src/network/requestQueue/index.js */
export interface InnerRequestQueue {
  throttleCheckTimeoutId: NodeJS.Timeout | null
  throttledUntil: number
  readonly pending: readonly unknown[]
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

/** Two connections: one for fetching, one for everything else. */
export interface InnerConnectionPool {
  readonly pool: readonly InnerConnection[]
  send(request: ProtocolRequest): Promise<unknown>
  destroy(): Promise<void>
}

export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<Encoded>
  }
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<unknown>
    readonly parse: (data: unknown) => Promise<unknown>
  }
}

/** https://github.com/tulios/kafkajs/blob/v2.2.4/src/cluster/index.js */
export interface InnerCluster extends Cluster {
  readonly targetTopics: Set<string>
  readonly brokerPool: {
    createBroker(options: { connectionPool: InnerConnectionPool }): InnerBroker
    findConnectedBroker(): Promise<InnerBroker>
  }
}
