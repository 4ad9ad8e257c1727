import type { ConnectionOptions } from 'node:tls'
import { ConfigInvalidError, withoutUserInfo, type ConfigIssue } from '@bus/core/spi'
import type { StorageWait } from './link/wait.ts'
import type { RedisAdapterOptions, RedisAddress, RedisRetentionOptions } from './options.ts'

/** The options with every default filled in. */
export interface Settings {
  readonly server: ServerSettings
  readonly prefix: string
  readonly partitions: number
  readonly leaseMs: number
  readonly connectTimeoutMs: number
  readonly publishTimeoutMs: number
  readonly wait: StorageWait
  readonly maxBacklog: number
  readonly maxBacklogBytes: number
  readonly retention: Readonly<Record<keyof RedisRetentionOptions, number>>
  readonly warn: (message: string) => void
}

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

export interface ServerSettings {
  /** The address came as one. */
  readonly byUrl: boolean
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: ConnectionOptions | undefined
  readonly tlsFiles: RedisAdapterOptions['tlsFiles']
  readonly sentinels: readonly ServerAddress[] | undefined
  readonly sentinelName: string
  readonly sentinelUsername: string | undefined
  readonly sentinelPassword: string | undefined
  /** `true`: as the servers. */
  readonly sentinelTls: boolean | ConnectionOptions
  /** Nodes of a cluster to begin with. */
  readonly cluster: readonly ServerAddress[] | undefined
  /** Where the addresses that servers name are seen from here. */
  readonly natMap: Readonly<Record<string, ServerAddress>>
}

const dayMs = 86_400_000

export const prefixPattern: RegExp = /^[A-Za-z0-9._:-]{1,60}$/
export const prefixRule = 'is not 1 to 60 letters, digits, ".", "_", "-" and ":"'

/** @throws ConfigInvalidError with everything that is wrong. */
export function settingsOf(options: RedisAdapterOptions): Settings {
  const issues: ConfigIssue[] = []
  const whole = (
    name: string,
    value: number | undefined,
    fallback: number,
    min: number,
    max: number = Number.MAX_SAFE_INTEGER,
  ): number => {
    if (value === undefined) return fallback
    if (Number.isInteger(value) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    issues.push({ name: `redis.${name}`, problem: `${String(value)} is not a whole number ${range}` })
    return fallback
  }
  const url = parseUrl(options.url, issues)
  const prefix = options.prefix ?? 'bus'
  if (!prefixPattern.test(prefix)) {
    issues.push({ name: 'redis.prefix', problem: `${JSON.stringify(prefix)} ${prefixRule}` })
  }
  const addressesOf = (name: string, list: readonly RedisAddress[], fallback: number): ServerAddress[] =>
    list.map(({ host, port }) => ({ host, port: whole(`${name}.port`, port, fallback, 1, 65_535) }))
  const host = url.host ?? options.host ?? 'localhost'
  const port = url.port ?? whole('port', options.port, 6379, 1, 65_535)
  const db = url.db ?? whole('db', options.db, 0, 0)
  const { retention = {}, cluster, sentinels } = options
  if (cluster !== undefined && cluster !== false) {
    if (db !== 0) issues.push({ name: 'redis.db', problem: 'a cluster has only the database 0' })
    if (sentinels !== undefined) issues.push({ name: 'redis.sentinels', problem: 'a cluster has no Sentinels' })
    if (cluster !== true && cluster.length === 0) issues.push({ name: 'redis.cluster', problem: 'names no node' })
  }
  if (sentinels?.length === 0) issues.push({ name: 'redis.sentinels', problem: 'names no Sentinel' })
  const maxLength = whole('retention.maxLength', retention.maxLength, 1_000_000, 1)
  const settings: Settings = {
    server: {
      byUrl: options.url !== undefined,
      host,
      port,
      username: url.username ?? options.username,
      password: url.password ?? options.password,
      db,
      tls: tlsOf(options.tls, url.tls || options.tlsFiles !== undefined),
      tlsFiles: options.tlsFiles,
      sentinels: sentinels && addressesOf('sentinels', sentinels, 26_379),
      sentinelName: options.sentinelName ?? 'mymaster',
      sentinelUsername: options.sentinelUsername,
      sentinelPassword: options.sentinelPassword,
      sentinelTls: options.sentinelTls ?? false,
      cluster: cluster === true ? [{ host, port }] : cluster ? addressesOf('cluster', cluster, 6379) : undefined,
      natMap: options.natMap ?? {},
    },
    prefix,
    partitions: whole('partitions', options.partitions, 16, 1, 256),
    leaseMs: whole('leaseMs', options.leaseMs, 30_000, 300),
    connectTimeoutMs: whole('connectTimeoutMs', options.connectTimeoutMs, 10_000, 1),
    publishTimeoutMs: whole('publishTimeoutMs', options.publishTimeoutMs, 30_000, 1),
    wait: {
      replicas: whole('waitReplicas', options.waitReplicas, 0, 0, 100),
      disk: options.waitDisk ?? false,
      // A connection that owes an answer for longer counts as dead.
      timeoutMs: whole('waitReplicasMs', options.waitReplicasMs, 2_000, 1, 4_000),
    },
    maxBacklog: whole('maxBacklog', options.maxBacklog, 10_000, 1),
    maxBacklogBytes: whole('maxBacklogBytes', options.maxBacklogBytes, 64 * 1024 * 1024, 1),
    retention: {
      maxAgeMs: whole('retention.maxAgeMs', retention.maxAgeMs, 7 * dayMs, 1),
      maxLength,
      hardCap: whole('retention.hardCap', retention.hardCap, Math.max(2_000_000, maxLength), maxLength),
      keptMaxAgeMs: whole('retention.keptMaxAgeMs', retention.keptMaxAgeMs, 30 * dayMs, 1),
    },
    warn: options.warn ?? ((message) => process.emitWarning(message)),
  }
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  return settings
}

/** Where the server is, for messages: never who connects. */
export function addressOf({ host, port, db, tls, sentinels, sentinelName, cluster }: ServerSettings): string {
  if (cluster !== undefined) return `cluster ${cluster.map((one) => `${one.host}:${one.port}`).join(', ')}`
  if (sentinels !== undefined)
    return `${sentinelName} at ${sentinels.map((one) => `${one.host}:${one.port}`).join(', ')}`
  return `${tls === undefined ? 'redis' : 'rediss'}://${host}:${port}${db === 0 ? '' : `/${db}`}`
}

interface UrlParts {
  readonly host?: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: boolean
}

/** What is wrong with an address, or `undefined`. Names no secret. */
export function urlProblem(url: string): string | undefined {
  const issues: ConfigIssue[] = []
  parseUrl(url, issues)
  return issues[0]?.problem
}

function parseUrl(text: string | undefined, issues: ConfigIssue[]): UrlParts {
  if (text === undefined) return {}
  const problem = (why: string): UrlParts => {
    issues.push({ name: 'redis.url', problem: `${JSON.stringify(withoutUserInfo(text))} ${why}` })
    return {}
  }
  if (!URL.canParse(text)) return problem('is not an address such as redis://host:6379/0')
  const url = new URL(text)
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    return problem('does not begin with redis:// or rediss://')
  const username = decoded(url.username)
  const password = decoded(url.password)
  if (username === undefined || password === undefined)
    return problem('has a user name or password that is not URL-encoded ("%" is written as "%25")')
  const db = url.pathname.slice(1)
  if (!/^\d*$/.test(db)) return problem('does not end with the number of a database')
  return {
    ...(url.hostname !== '' && { host: url.hostname.replaceAll(/^\[|\]$/g, '') }),
    ...(url.port !== '' && { port: Number(url.port) }),
    ...(url.username !== '' && { username }),
    ...(url.password !== '' && { password }),
    ...(db !== '' && { db: Number(db) }),
    ...(url.protocol === 'rediss:' && { tls: true }),
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function tlsOf(option: RedisAdapterOptions['tls'], urlAsks: boolean | undefined): ConnectionOptions | undefined {
  if (typeof option === 'object') return option
  return option === true || urlAsks === true ? {} : undefined
}
