import { startKafka } from './kafka.ts'
import { startRedis } from './redis.ts'

const variables = { redis: 'BUS_TEST_REDIS_URL', kafka: 'BUS_TEST_KAFKA_BROKERS' } as const
type Name = keyof typeof variables

/** One Redis and one Kafka for the whole run; test files find their addresses in the environment. */
export async function setup(): Promise<() => Promise<void>> {
  const outcomes = await Promise.allSettled(wanted().map(start))
  const stop = async (): Promise<void> => {
    await Promise.all(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.stop() : undefined)))
  }
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return stop
}

async function start(name: Name): Promise<{ stop(): Promise<void> }> {
  if (name === 'redis') {
    const redis = await startRedis()
    process.env[variables.redis] = redis.url
    return redis
  }
  const kafka = await startKafka()
  process.env[variables.kafka] = kafka.brokers.join(',')
  return kafka
}

/** `BUS_TEST_ONLY=redis` runs a part of the tests without waiting for Kafka; `none` starts nothing. */
function wanted(): Name[] {
  const names = Object.keys(variables) as Name[]
  const only = process.env['BUS_TEST_ONLY']?.split(',').map((name) => name.trim())
  return only ? names.filter((name) => only.includes(name)) : names
}
