import { randomBytes } from 'node:crypto'
import { adapter as kafkaAdapter } from '@bus/adapter-kafka'
import { adapter as memoryAdapter } from '@bus/adapter-memory'
import { adapter as redisAdapter } from '@bus/adapter-redis'
import { registerAdapter } from '@bus/core'
import { type Kafka, type Redis, startKafka, startRedis } from '@bus/test-brokers'
import { afterAll, vi } from 'vitest'

export const backends = ['memory', 'redis', 'kafka'] as const
export type Backend = (typeof backends)[number]

// A test runner's process has no entry file beside the packages; that they are found by name there is tested by itself.
for (const adapter of [memoryAdapter, redisAdapter, kafkaAdapter]) registerAdapter(adapter)

let redis: Promise<Redis> | undefined
let kafka: Promise<Kafka> | undefined

afterAll(async () => {
  await Promise.all([redis?.then((broker) => broker.stop()), kafka?.then((broker) => broker.stop())])
})

/** The variables by which an application chooses the backend. A prefix keeps the topics of the examples apart. */
export async function variablesOf(backend: Backend): Promise<Record<string, string>> {
  const prefix = `examples-${randomBytes(4).toString('hex')}`
  if (backend === 'redis') {
    const { host, port } = await (redis ??= startRedis())
    return { EVENT_BUS_ADAPTER: 'redis', REDIS_HOST: host, REDIS_PORT: String(port), REDIS_PREFIX: prefix }
  }
  if (backend === 'kafka') {
    const { brokers } = await (kafka ??= startKafka())
    return { EVENT_BUS_ADAPTER: 'kafka', KAFKA_BROKERS: brokers.join(','), KAFKA_PREFIX: prefix }
  }
  return { EVENT_BUS_ADAPTER: 'memory' }
}

/** Sets them for this process, until `vi.unstubAllEnvs`. */
export async function choose(backend: Backend): Promise<void> {
  for (const [name, value] of Object.entries(await variablesOf(backend))) vi.stubEnv(name, value)
}
