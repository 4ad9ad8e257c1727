import type { Consumer, ConsumeOptions } from './consume.ts'
import type { Message, StoredMessage } from './message.ts'

/** The version of this interface. Raised only by a change that would break an existing adapter. */
export const SPEC_VERSION = 1

/** Facts about a backend. The conformance suite reads them; the core branches on none of them. */
export interface AdapterCapabilities {
  /** Messages outlive the process that published them. */
  readonly durable: boolean
  /** Two adapters with equal options, in two processes, see the same topics. */
  readonly shared: boolean
  /** `notBefore` is waited out by the backend; otherwise the core waits with the message on loan. */
  readonly delays: boolean
  /** Of which messages `Delivery.redeliveries` is real: of each, of the oldest open one of a partition, or of none. */
  readonly countsRedeliveries: 'each' | 'oldest' | 'none'
}

/** Bounds are fixed when reading starts: it ends there, also while publishing goes on. Never touches a group. */
export interface ReadRange {
  readonly topic: string
  /** Exclusive. */
  readonly after?: string | undefined
  /** Inclusive, epoch milliseconds of `storedAt`. */
  readonly since?: number | undefined
  /** Exclusive, epoch milliseconds of `storedAt`. */
  readonly until?: number | undefined
  readonly limit?: number | undefined
}

/** A group, and a topic that it consumes. */
export interface TopicGroup {
  readonly topic: string
  readonly group: string
}

/** Where a group stands on one topic. */
export interface GroupState {
  /** Messages not yet lent to any member. */
  readonly lag: number
  /** Messages lent and not settled. */
  readonly pending: number
  /** Age of the oldest message not yet settled, in milliseconds; 0 if there is none. */
  readonly oldestPendingMs: number
  /** Messages that the backend keeps until their time has come, in nobody's lag until then; absent: there are none. */
  readonly delayed?: number | undefined
}

/** At most so many messages of a topic were removed that a group had not handled. */
export type LossListener = (topic: string, messages: number) => void

/** What a message survives once `publish` has resolved, as the backend is set up at the moment. For operators. */
export interface Durability {
  /** In plain words, one sentence. */
  readonly summary: string
  /** The settings that this follows from, by the names that the backend gives them. */
  readonly settings: Readonly<Record<string, string>>
  /** What is hardly meant to be so, each with what to do; none if all is well. */
  readonly warnings: readonly string[]
}

/**
 * What a backend has to offer. It lends messages and takes back what became of them; all decisions about failures
 * are the core's. Constructors do no I/O and read no environment.
 */
export interface EventBusAdapter {
  /** The version this adapter was written against: the literal, never the imported constant. */
  readonly specVersion: 1
  /** For messages and statistics: `memory`, or what the backend is called. */
  readonly name: string
  readonly capabilities: AdapterCapabilities
  /**
   * Connects. Called before anything else but `close`: what is called earlier may reject as it likes. A second call is a
   * no-op, after a failure it tries again.
   * Rejects with a `BackendUnavailableError` that names the address, within the configured timeout.
   */
  initialize(signal?: AbortSignal): Promise<void>
  /**
   * Resolves when all are stored. Rejects with a `PublishError` that names each message that was not, or perhaps not,
   * stored, or with a `PublishBacklogError`. Always settles. Calls of one tick travel together; order is kept.
   */
  publish(messages: readonly Message[]): Promise<void>
  /** Resolves when every later `publish` will be delivered. */
  consume(options: ConsumeOptions): Promise<Consumer>
  /**
   * In order of position; a topic that does not exist is empty. Rejects with a `ConfigInvalidError` if `after` is no
   * position of this adapter.
   */
  read(range: ReadRange): AsyncIterable<StoredMessage>
  /** Every topic that exists, derived ones included. */
  listTopics(): Promise<readonly string[]>
  /**
   * Every group that there is on `topic`, or on any topic, with or without members; each once, in any order. None for a
   * topic that does not exist. Consumers without a group are none. What is consumed beside another topic, second in
   * `ConsumeOptions.topics`, may be left out.
   */
  listGroups(topic?: string): Promise<readonly TopicGroup[]>
  /** `undefined`: the group never consumed the topic. */
  inspect(topic: string, group: string): Promise<GroupState | undefined>
  /**
   * Forgets the group on this topic: its position and what nobody had settled. A no-op if there is none.
   * Rejects with a `GroupInUseError` while a consumer of the group is open, wherever it is.
   */
  deleteGroup(topic: string, group: string): Promise<void>
  /** A round trip. Rejects if the backend does not answer before `signal` aborts. */
  ping(signal?: AbortSignal): Promise<void>
  /** Settles every `publish`, closes every consumer, frees sockets and timers. Idempotent. */
  close(): Promise<void>
  /**
   * Only where messages may be removed that a group has not handled: `listener` is told of what this process removed, at
   * most so many messages. The result ends it.
   */
  onLoss?(listener: LossListener): () => void
  /**
   * Asked now and then, by `getHealth()`. An answer may be some seconds old. Rejects if the backend does not answer.
   * `topics`: where topics are kept differently, an answer about these, and not about those that this process has to do
   * with; what is wrong with their other settings may be among its warnings. Those that do not exist are left out.
   */
  durability?(signal?: AbortSignal, topics?: readonly string[]): Promise<Durability>
  /**
   * Only where the log is this very process, so that nobody else can take the work: how many messages that are due wait
   * for a consumer that is open, or are on loan to it. With it `bus.settled()` covers what nobody has pulled yet.
   */
  unsettled?(): number
}
