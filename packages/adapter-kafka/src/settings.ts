import { randomUUID } from 'node:crypto'
import zlib from 'node:zlib'
import type { ConnectionOptions } from 'node:tls'
import { ConfigInvalidError, type ConfigIssue, type PublishBacklogLimits, withoutUserInfo } from '@bus/core/spi'
import { type Log, logFrom } from './log.ts'
import type { KafkaAdapterOptions, KafkaCompression, KafkaSaslOptions, SaslMechanism } from './options.ts'

export const saslMechanisms: readonly SaslMechanism[] = ['plain', 'scram-sha-256', 'scram-sha-512']

/** The options with everything decided. */
export interface Settings {
  readonly brokers: readonly string[]
  /** The client id, with what tells processes of one `instanceId` apart. */
  readonly clientName: string
  /** What the client ids of this instance's earlier lives begin with. */
  readonly instance: string | undefined
  readonly ssl: true | ConnectionOptions | undefined
  readonly sasl: KafkaSaslOptions | undefined
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly prefix: string
  readonly mayCreate: boolean
  readonly partitions: number
  readonly replicationFactor: number
  readonly minInsyncReplicas: number | undefined
  readonly retentionMs: number | undefined
  readonly keptRetentionMs: number
  readonly publishTimeoutMs: number
  readonly idempotent: boolean
  readonly compression: KafkaCompression
  readonly codecs: NonNullable<KafkaAdapterOptions['codecs']>
  readonly backlog: PublishBacklogLimits
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly drainTimeoutMs: number
  readonly awaitJoin: boolean
  readonly log: Log
  readonly clientFixes: boolean
}

const day = 24 * 60 * 60 * 1000

/** @throws ConfigInvalidError with everything that is wrong. */
export function settingsFrom(options: KafkaAdapterOptions): Settings {
  const issues = problemsOf(options)
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  const clientId = options.clientId ?? 'event-bus'
  const instance = options.instanceId === undefined ? undefined : `${clientId}@${options.instanceId}#`
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000
  return {
    brokers: options.brokers,
    clientName: instance === undefined ? clientId : instance + randomUUID().slice(0, 8),
    instance,
    ssl: options.ssl === false ? undefined : options.ssl,
    sasl: options.sasl,
    connectionTimeout: options.connectionTimeout ?? 10_000,
    requestTimeout: options.requestTimeout ?? 30_000,
    prefix: options.prefix ?? '',
    mayCreate: options.topics !== 'require',
    partitions: options.partitions ?? -1,
    replicationFactor: options.replicationFactor ?? -1,
    minInsyncReplicas: options.minInsyncReplicas,
    retentionMs: options.retentionMs,
    keptRetentionMs: options.keptRetentionMs ?? 30 * day,
    publishTimeoutMs: options.publishTimeoutMs ?? 30_000,
    idempotent: options.idempotent ?? true,
    compression: options.compression ?? 'none',
    codecs: options.codecs ?? {},
    backlog: options.backlog ?? {},
    sessionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? Math.min(500, Math.ceil(sessionTimeoutMs / 3)),
    drainTimeoutMs: options.drainTimeoutMs ?? 60_000,
    awaitJoin: options.awaitJoin ?? false,
    log: logFrom(options.logger),
    clientFixes: options.clientFixes ?? true,
  }
}

function problemsOf(options: KafkaAdapterOptions): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const issue = (name: string, problem: string): void => void issues.push({ name: `kafka.${name}`, problem })
  const brokers: unknown = options.brokers
  if (!Array.isArray(brokers) || brokers.length === 0) {
    issue('brokers', 'is missing; expected the "host:port" of at least one broker')
  } else {
    for (const broker of brokers as readonly unknown[]) {
      const problem = brokerProblem(broker)
      if (problem !== undefined) issue('brokers', problem)
    }
  }
  for (const name of ['clientId', 'instanceId'] as const) {
    const value = options[name]
    if (value !== undefined && !/^[A-Za-z0-9._-]+$/.test(value)) {
      issue(name, `${JSON.stringify(value)} is not made of letters, digits, ".", "_" and "-"`)
    }
  }
  if (options.prefix !== undefined && !/^[A-Za-z0-9._-]{0,60}$/.test(options.prefix)) {
    issue('prefix', `${JSON.stringify(options.prefix)} is not made of up to 60 letters, digits, ".", "_" and "-"`)
  }
  for (const name of ['topics', 'compression'] as const) {
    const value = options[name]
    if (value !== undefined && !choices[name].includes(value)) {
      issue(name, `${JSON.stringify(value)} is not one of ${choices[name].join(', ')}`)
    }
  }
  const { compression } = options
  if (compression === 'snappy' || compression === 'lz4' || (compression === 'zstd' && !('zstdCompress' in zlib))) {
    if (options.codecs?.[compression] === undefined) issue('compression', `${compression} needs codecs.${compression}`)
  }
  for (const name of numbers) {
    const value = options[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      issue(name, `${String(value)} is not a whole number of at least 1`)
    }
  }
  const session = options.sessionTimeoutMs ?? 30_000
  if (options.heartbeatIntervalMs !== undefined && options.heartbeatIntervalMs * 2 > session) {
    issue('heartbeatIntervalMs', `${options.heartbeatIntervalMs} is more than half of sessionTimeoutMs (${session})`)
  }
  if (options.sasl !== undefined) {
    const { mechanism, username, password } = options.sasl
    if (!saslMechanisms.includes(mechanism)) {
      issue('sasl.mechanism', `${JSON.stringify(mechanism)} is not one of ${saslMechanisms.join(', ')}`)
    }
    if (!username) issue('sasl.username', 'is missing')
    if (!password) issue('sasl.password', 'is missing')
  }
  return issues
}

const choices = {
  topics: ['auto', 'require'],
  compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
} as const satisfies Record<string, readonly string[]> as Readonly<Record<'topics' | 'compression', readonly string[]>>

const numbers = [
  'connectionTimeout',
  'requestTimeout',
  'partitions',
  'replicationFactor',
  'minInsyncReplicas',
  'retentionMs',
  'keptRetentionMs',
  'publishTimeoutMs',
  'sessionTimeoutMs',
  'heartbeatIntervalMs',
  'drainTimeoutMs',
] as const satisfies readonly (keyof KafkaAdapterOptions)[]

/** What is wrong with the address of one broker, without what may be a password in it. */
export function brokerProblem(broker: unknown): string | undefined {
  if (typeof broker === 'string') {
    const port = Number(/^[^\s:/@]+:(\d{1,5})$/.exec(broker)?.[1])
    if (port >= 1 && port <= 65_535) return undefined
  }
  const shown =
    typeof broker === 'string' ? JSON.stringify(withoutUserInfo(broker).replace(/^[^/]*@/, '…@')) : String(broker)
  return `${shown} is not "host:port"`
}
