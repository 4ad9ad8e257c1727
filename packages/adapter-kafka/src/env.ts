import { type Env, type EnvReader, readEnv } from '@bus/core/spi'
import type { KafkaAdapterOptions, KafkaSaslOptions } from './options.ts'
import { brokerProblem, saslMechanisms } from './settings.ts'

export function optionsFromEnv(env: Env): KafkaAdapterOptions {
  return readEnv(env, (reader) => ({
    brokers: brokers(reader),
    clientId: reader.string('KAFKA_CLIENT_ID'),
    ssl: reader.boolean('KAFKA_SSL'),
    sasl: sasl(reader),
    connectionTimeout: reader.integer('KAFKA_CONNECTION_TIMEOUT', { min: 1 }),
    requestTimeout: reader.integer('KAFKA_REQUEST_TIMEOUT', { min: 1 }),
    prefix: reader.string('KAFKA_PREFIX'),
    topics: reader.oneOf('KAFKA_TOPICS', ['auto', 'require']),
    partitions: reader.integer('KAFKA_PARTITIONS', { min: 1 }),
    replicationFactor: reader.integer('KAFKA_REPLICATION_FACTOR', { min: 1 }),
    sessionTimeoutMs: reader.integer('KAFKA_SESSION_TIMEOUT', { min: 1 }),
    instanceId: reader.string('KAFKA_INSTANCE_ID'),
  }))
}

function brokers(reader: EnvReader): readonly string[] {
  const list = reader.list('KAFKA_BROKERS') ?? []
  if (list.length === 0)
    reader.issue('KAFKA_BROKERS', 'is missing; expected addresses such as localhost:9092,localhost:9093')
  for (const broker of list) {
    const problem = brokerProblem(broker)
    if (problem !== undefined) reader.issue('KAFKA_BROKERS', problem)
  }
  return list
}

function sasl(reader: EnvReader): KafkaSaslOptions | undefined {
  const mechanism = reader.oneOf('KAFKA_SASL_MECHANISM', saslMechanisms)
  const username = reader.string('KAFKA_SASL_USERNAME')
  const password = reader.string('KAFKA_SASL_PASSWORD')
  const given = {
    KAFKA_SASL_MECHANISM: reader.string('KAFKA_SASL_MECHANISM'),
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  }
  const missing = Object.entries(given).filter(([, value]) => value === undefined)
  if (missing.length === 3) return undefined
  for (const [name] of missing) reader.issue(name, 'is missing, while other KAFKA_SASL_* variables are set')
  return mechanism === undefined || username === undefined || password === undefined
    ? undefined
    : { mechanism, username, password }
}
