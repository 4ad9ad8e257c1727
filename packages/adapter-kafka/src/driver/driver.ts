import type { KafkaCompression } from '../options.ts'

/** The sizes of what follows are fixed by the broker's protocol, its shapes are this package's: clients differ, the seam does not. */

/** One record as it was fetched. Texts are left as they came: most are never looked at. */
export interface LogRecord {
  readonly offset: string
  /** Epoch milliseconds. */
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>
}

export type HeaderValue = Buffer | string | null

export interface TopicInfo {
  readonly name: string
  /** Another one when the topic is deleted and made again; `undefined`: the cluster gives none. */
  readonly id: string | undefined
  readonly internal: boolean
  /** The broker's name for what is wrong; `undefined` if the topic is fine. */
  readonly error: string | undefined
  /** The node that leads each partition, by partition; -1 while none does. */
  readonly leaders: readonly number[]
  /** How many nodes keep the partition that fewest keep; 0 if that is not known. */
  readonly replicas: number
}

export interface NewTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  /** -1: the broker's default. */
  readonly replicas: number
  readonly config: Readonly<Record<string, string>>
}

export interface FetchPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface FetchLimits {
  /** How long the broker may wait for the first byte. */
  readonly maxWaitMs: number
  readonly maxBytesPerPartition: number
}

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly error: string | undefined
  /** At or above the offset asked for; without markers and without what an aborted transaction wrote. */
  readonly records: readonly LogRecord[]
  /** Where to go on; `undefined` if nothing was sent. */
  readonly next: number | undefined
}

/** What the broker recognises repeated batches by. */
export interface ProducerIdentity {
  readonly id: string
  readonly epoch: number
}

export interface OutgoingRecord {
  readonly key: string | Buffer | null
  readonly value: Buffer | string
  readonly headers: Readonly<Record<string, string>>
}

export interface OutgoingBatch {
  readonly topic: string
  readonly partition: number
  readonly firstSequence: number
  readonly records: readonly OutgoingRecord[]
}

export interface ProduceOptions {
  /** `undefined`: repeated batches are not recognised. */
  readonly identity: ProducerIdentity | undefined
  readonly timeoutMs: number
  readonly compression: KafkaCompression
}

export interface PartitionResult {
  readonly topic: string
  readonly partition: number
  readonly error: string | undefined
}

export interface OffsetQuery {
  readonly partition: number
  readonly at: 'earliest' | 'latest' | { readonly time: number }
}

export interface FoundOffset {
  readonly partition: number
  readonly error: string | undefined
  /** -1: nothing is that young. */
  readonly offset: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface Committed extends TopicPartition {
  readonly offset: number
  readonly metadata: string
}

/** What a coordinator recognises a member by. */
export interface Identity {
  readonly group: string
  readonly member: string
  readonly generation: number
}

export interface JoinRequest {
  readonly group: string
  /** Empty: the coordinator gives out a new one. */
  readonly member: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocol: string
  readonly subscription: Subscription
}

export interface Subscription {
  readonly topics: readonly string[]
  /** The numbers of the partitions the member has, by commas: nobody else may get them before it gives them up. */
  readonly owned: string
}

export interface Joined {
  readonly member: string
  /** `false`: the coordinator only gave out a name; join again with it. */
  readonly complete: boolean
  readonly generation: number
  /** Everyone's subscription, for the leader alone. */
  readonly members: readonly { readonly member: string; readonly subscription: Subscription }[]
  readonly leads: boolean
}

export interface Assignment {
  /** Partitions by topic. */
  readonly partitions: Readonly<Record<string, readonly number[]>>
  /** Some partitions are still with members that have to give them up first; there will be another assignment. */
  readonly partial: boolean
}

/** A set of sockets to the cluster that nobody else uses. Every method rejects with a {@link DriverError}. */
export interface Link {
  connect(): Promise<void>
  ping(): Promise<void>
  /** Of all topics, if no name is given. Never creates one. */
  topics(names?: readonly string[]): Promise<readonly TopicInfo[]>
  createTopic(topic: NewTopic): Promise<void>
  /** The values in force of `names`, of a topic; without one, of the broker that answers, whose defaults topics follow. */
  settings(names: readonly string[], topic?: string): Promise<ReadonlyMap<string, string>>
  offsets(node: number, topic: string, queries: readonly OffsetQuery[]): Promise<readonly FoundOffset[]>
  /** One call per node at a time. */
  fetch(node: number, positions: readonly FetchPosition[], limits: FetchLimits): Promise<readonly FetchedPartition[]>
  newIdentity(): Promise<ProducerIdentity>
  produce(node: number, batches: readonly OutgoingBatch[], options: ProduceOptions): Promise<readonly PartitionResult[]>

  coordinator(group: string): Promise<number>
  join(node: number, request: JoinRequest): Promise<Joined>
  /** `assignments`: by member, from the leader alone. */
  sync(node: number, identity: Identity, assignments: ReadonlyMap<string, Assignment>): Promise<Assignment>
  heartbeat(node: number, identity: Identity): Promise<void>
  leave(node: number, group: string, member: string): Promise<void>
  /** Without an identity the group must have no members. */
  commit(node: number, identity: Identity | string, offsets: readonly Committed[]): Promise<readonly PartitionResult[]>
  /** Only of those that have an offset. */
  committed(node: number, group: string, partitions: readonly TopicPartition[]): Promise<readonly Committed[]>
  members(node: number, group: string): Promise<readonly { readonly member: string; readonly clientId: string }[]>
  deleteGroup(node: number, group: string): Promise<void>
  /** The names of all consumer groups of the cluster that the user may describe. */
  groups(): Promise<readonly string[]>

  /** Drops the connections, which may be dead without a sign: what is under way rejects, what comes next makes new ones. */
  reset(): void
  /** At once: what is under way rejects. Idempotent. */
  close(): void
}

export interface Driver {
  /** No I/O before the link's first call. */
  open(): Link
}
