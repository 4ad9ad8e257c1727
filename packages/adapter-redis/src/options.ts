import type { ConnectionOptions } from 'node:tls'

declare module '@bus/core/spi' {
  interface AdapterOptionsMap {
    redis: RedisAdapterOptions
  }
}

/** How long and how much of a topic is kept. What a group has not been given or acknowledged stays, up to `hardCap`. */
export interface RedisRetentionOptions {
  /** Age in milliseconds after which events are removed; default 604,800,000 (7 days). */
  readonly maxAgeMs?: number | undefined
  /** Events per topic, approximately; the oldest go first. Default 1,000,000. */
  readonly maxLength?: number | undefined
  /**
   * Events per topic beyond which the oldest are removed even if a group has not handled them yet: so that a forgotten
   * group cannot fill the server. What is lost that way is counted and reported. Default 2,000,000.
   */
  readonly hardCap?: number | undefined
  /** Age in milliseconds for topics whose messages are kept on purpose (failed events); no limit of length. Default 2,592,000,000 (30 days). */
  readonly keptMaxAgeMs?: number | undefined
}

/** One server of several. */
export interface RedisAddress {
  /** Name or address. */
  readonly host: string
  /** Default 6379, of a Sentinel 26379. */
  readonly port?: number | undefined
}

/** Options of the Redis adapter. All of them have defaults: `new RedisAdapter()` connects to `localhost:6379`. */
export interface RedisAdapterOptions {
  /**
   * `redis://[user[:password]@]host[:port][/db]`, or `rediss://` for TLS. What it says wins over `host`, `port`,
   * `username`, `password`, `db` and `tls`; what it does not say is taken from them.
   */
  readonly url?: string | undefined
  /** Name or address of the server; default `localhost`. */
  readonly host?: string | undefined
  /** Default 6379. */
  readonly port?: number | undefined
  /** ACL user; default: the server's `default` user. */
  readonly username?: string | undefined
  /** Default: none. */
  readonly password?: string | undefined
  /** Number of the database; default 0. */
  readonly db?: number | undefined
  /** `true`, or options for `tls.connect` (CA, client certificate, ...); default `false`. */
  readonly tls?: boolean | ConnectionOptions | undefined
  /** Paths of PEM files for TLS, read when it first connects; they imply `tls`, which adds to them. Default: none. */
  readonly tlsFiles?:
    | {
        /** Certificates of those who sign the server's; default: the ones that Node trusts. */
        readonly ca?: string | undefined
        /** The client's certificate, with `key`. */
        readonly cert?: string | undefined
        readonly key?: string | undefined
      }
    | undefined
  /** Sentinels to ask for the current primary, instead of `host` and `port`. Default: none. */
  readonly sentinels?: readonly RedisAddress[] | undefined
  /** The name under which the Sentinels know the primary; default `mymaster`. */
  readonly sentinelName?: string | undefined
  /** ACL user of the Sentinels themselves; default: their `default` user. */
  readonly sentinelUsername?: string | undefined
  /** Password of the Sentinels themselves; default: none. */
  readonly sentinelPassword?: string | undefined
  /** Whether the Sentinels themselves are spoken to by TLS: `true` (as the servers), or options. Default `false`. */
  readonly sentinelTls?: boolean | ConnectionOptions | undefined
  /**
   * `true`: the server is a node of a Redis Cluster and names the others. A list: nodes to ask for the others, in turn,
   * instead of `url` or `host` and `port`; more than one, so that a lost one does not keep a process from starting.
   * Only database 0 exists there. Default `false`.
   */
  readonly cluster?: boolean | readonly RedisAddress[] | undefined
  /**
   * Where servers are seen from here, by the `host:port` under which Sentinels and nodes of a cluster name them: for
   * containers and tunnels. Default: as they are named.
   */
  readonly natMap?: Readonly<Record<string, { readonly host: string; readonly port: number }>> | undefined
  /**
   * Stands before every key, so that applications can share a server: 1 to 60 letters, digits, `.`, `_`, `-` and `:`.
   * Processes see each other's topics if their prefixes are equal. Default `bus`.
   */
  readonly prefix?: string | undefined
  /**
   * Streams over which the events with a key are spread, 1 to 256; as many members of a group can work on keyed
   * events at once. Settled for each topic when it is created, and from then on as stored there. Default 16.
   */
  readonly partitions?: number | undefined
  /**
   * After this many milliseconds without a sign of life a member of a group counts as dead and others take over what
   * it had on loan. At least 300; default 30,000.
   */
  readonly leaseMs?: number | undefined
  /** Milliseconds within which `initialize()` must have connected, and each later connection; default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds within which every `publish()` settles, also while the server is away; default 30,000. */
  readonly publishTimeoutMs?: number | undefined
  /**
   * So many replicas must have an event before `publish()` resolves, so that it survives a failover to one of them. If they
   * do not have it in time, `publish()` rejects with `stored: 'unknown'`: it is stored, but a failover may lose it. Costs a
   * round trip to the replicas, and connections of its own for publishing. Default 0: stored by the primary is stored.
   */
  readonly waitReplicas?: number | undefined
  /**
   * An event must be on the disk of the primary, and of `waitReplicas` replicas, before `publish()` resolves; else it
   * rejects with `stored: 'unknown'`. With `appendfsync everysec` that takes up to a second. Needs Redis 7.2 or Valkey, with
   * `appendonly yes`: https://redis.io/docs/latest/commands/waitaof/. Default false.
   */
  readonly waitDisk?: boolean | undefined
  /** Milliseconds that replicas and disks have for that, up to 4,000; default 2,000. */
  readonly waitReplicasMs?: number | undefined
  /** Events that may wait to be stored before `publish()` rejects; default 10,000. */
  readonly maxBacklog?: number | undefined
  /** Bytes that may wait to be stored before `publish()` rejects; default 67,108,864 (64 MiB). */
  readonly maxBacklogBytes?: number | undefined
  /** See {@link RedisRetentionOptions}. */
  readonly retention?: RedisRetentionOptions | undefined
  /** Told what an operator should know (a group had to be recreated, events were lost to the hard cap). Default `process.emitWarning`. */
  readonly warn?: ((message: string) => void) | undefined
}
