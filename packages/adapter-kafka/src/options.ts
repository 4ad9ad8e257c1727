import type { ConnectionOptions } from 'node:tls'
import type { PublishBacklogLimits } from '@bus/core/spi'

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512'

export interface KafkaSaslOptions {
  readonly mechanism: SaslMechanism
  readonly username: string
  /** Never appears in an error or a log line. */
  readonly password: string
}

/** Takes what the adapter has to say beside its errors, one line each. Methods must not throw. */
export interface KafkaLogger {
  /** Connections, rebalances, and what the Kafka client reports. */
  debug?(message: string): void
  /** What an operator may want to look at: positions that are out of range, a consumer that cannot reach its group. */
  warn?(message: string): void
}

/** Compresses and decompresses batches. Those made for kafkajs fit, such as `kafkajs-snappy` and `kafkajs-lz4`. */
export interface KafkaCodec {
  compress(batch: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

export type KafkaCompression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface KafkaAdapterOptions {
  /** `host:port` of at least one broker; the others are found through it. Required. */
  readonly brokers: readonly string[]
  /** How this process appears in the brokers' logs and quotas. Default `event-bus`. */
  readonly clientId?: string | undefined
  /** `true`, or options of Node's `tls.connect` such as `ca`, `cert`, `key`. Default `false`. */
  readonly ssl?: boolean | ConnectionOptions | undefined
  /** Default: none. */
  readonly sasl?: KafkaSaslOptions | undefined
  /** Milliseconds for opening a connection, and for `initialize()` as a whole. Default 10,000. */
  readonly connectionTimeout?: number | undefined
  /**
   * Milliseconds until an unanswered request counts as failed; at most 8,000 for requests that brokers answer at once,
   * and half of `publishTimeoutMs` for a batch that can be sent again. Default 30,000.
   */
  readonly requestTimeout?: number | undefined
  /**
   * Put before the name of every topic and group, so that applications can share a cluster; a separator is part of
   * it: `billing.`. Letters, digits, `.`, `_`, `-`, at most 60. Default: empty.
   */
  readonly prefix?: string | undefined

  /**
   * `auto`: topics are created when they are first published to or consumed. `require`: they must exist, otherwise
   * `publish` and `consume` reject with a `TopicMissingError`. Nothing relies on the broker's own automatic creation.
   * Default `auto`.
   */
  readonly topics?: 'auto' | 'require' | undefined
  /** Partitions of topics this adapter creates. Default: the broker's `num.partitions`. */
  readonly partitions?: number | undefined
  /** Copies of topics this adapter creates. Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number | undefined
  /** `min.insync.replicas` of topics this adapter creates. Default: the broker's. */
  readonly minInsyncReplicas?: number | undefined
  /** `retention.ms` of topics this adapter creates. Default: the broker's, which is 7 days unless set. */
  readonly retentionMs?: number | undefined
  /** The same for topics whose first message asks to be kept. Default 2,592,000,000 (30 days). */
  readonly keptRetentionMs?: number | undefined

  /** Milliseconds after which `publish` settles in any case. Default 30,000. */
  readonly publishTimeoutMs?: number | undefined
  /** The broker recognises a batch that is sent again after its answer was lost. Default `true`. */
  readonly idempotent?: boolean | undefined
  /** Of what is published. `snappy` and `lz4` need a codec, `zstd` one or Node 22.15 or later. Default `none`. */
  readonly compression?: KafkaCompression | undefined
  /**
   * For compressions that Node does not know, published or met. They are registered with kafkajs, for the whole
   * process. Default: none; what cannot be read then holds up its consumer, whose state says so.
   */
  readonly codecs?: Readonly<Partial<Record<'snappy' | 'lz4' | 'zstd', () => KafkaCodec>>> | undefined
  /** What may wait to be stored before `publish` rejects. Default 10,000 messages, 64 MiB. */
  readonly backlog?: PublishBacklogLimits | undefined

  /** Milliseconds without a sign of life after which a group gives a member's work to others. Default 30,000. */
  readonly sessionTimeoutMs?: number | undefined
  /** Milliseconds between signs of life: how soon a member notices that another one came or went. Default 500. */
  readonly heartbeatIntervalMs?: number | undefined
  /**
   * Milliseconds that work which moves to another member waits for handlers that run. The rest of the group works on
   * meanwhile. After it, what still runs is delivered again elsewhere. Default 60,000.
   */
  readonly drainTimeoutMs?: number | undefined
  /**
   * Whether `consume()` also waits until the group has let this member in. Nothing is lost either way; brokers let the
   * first member of a group wait for others, 3 seconds unless `group.initial.rebalance.delay.ms` is set. Default `false`.
   */
  readonly awaitJoin?: boolean | undefined
  /**
   * A name that only one living process has at a time, such as the pod of a stateful set. A process that starts sends
   * away the members that an earlier one of the same name left behind, instead of waiting for their session to end.
   * Two living processes of one name would send each other away. Default: none.
   */
  readonly instanceId?: string | undefined

  /** Default: warnings go to `process.emitWarning`, each at most once a second, and the rest nowhere; `{}` is silent. */
  readonly logger?: KafkaLogger | undefined
  /**
   * Repairs a defect of kafkajs 2.2.4 in this adapter's own connections: a timer that never rests. With another version
   * nothing is repaired, and a warning says so. Default `true`.
   */
  readonly clientFixes?: boolean | undefined
}
