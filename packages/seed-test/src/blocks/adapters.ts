import { KafkaAdapter as Kafka } from '@bus/adapter-kafka'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { RedisAdapter } from '@bus/adapter-redis'

export function inMemoryAdapter(): InMemoryAdapter {
  const adapter = new InMemoryAdapter({
    maxHistorySize: 1000,
    persistToDisk: false,
  })

  return adapter
}

export function redisAdapter(): RedisAdapter {
  const adapter = new RedisAdapter({
    host: 'localhost',
    port: 6379,
    password: 'secret',
    db: 0,
    tls: true,
  })

  return adapter
}

export async function kafkaAdapter(KafkaAdapter: typeof Kafka = Kafka): Promise<Kafka> {
  const adapter = new KafkaAdapter({
    brokers: ['kafka1:9092', 'kafka2:9092'],
    clientId: 'jellos-api',
    ssl: true,
    sasl: {
      mechanism: 'scram-sha-512',
      username: 'user',
      password: 'pass',
    },
  })

  await adapter.initialize()

  return adapter
}
