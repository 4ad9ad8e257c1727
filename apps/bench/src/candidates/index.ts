import type { CandidateFactory } from '../measurement.ts'

// Each process loads only what it measures.
export const candidates: Readonly<Record<string, Readonly<Record<string, CandidateFactory>>>> = {
  memory: {
    bus: async (task, place) => {
      const { InMemoryAdapter } = await import('@bus/adapter-memory')
      return (await import('./bus.ts')).busCandidate(new InMemoryAdapter(), task, place)
    },
    emittery: async (task) => (await import('./emitters.ts')).emitteryCandidate(task),
    mqemitter: async (task) => (await import('./emitters.ts')).mqemitterCandidate(task),
    qified: async (task, place) => (await import('./qified.ts')).qifiedMemoryCandidate(task, place),
    EventEmitter: async (task) => (await import('./emitters.ts')).eventEmitterCandidate(task),
  },
  redis: {
    bus: async (task, place) => {
      const { RedisAdapter } = await import('@bus/adapter-redis')
      return (await import('./bus.ts')).busCandidate(new RedisAdapter({ url: place.address }), task, place)
    },
    'raw ioredis': async (task, place) => (await import('./raw-redis.ts')).rawRedisCandidate('pipeline', task, place),
    'raw ioredis, script': async (task, place) =>
      (await import('./raw-redis.ts')).rawRedisCandidate('script', task, place),
    'bullmq addBulk': async (task, place) => (await import('./bullmq.ts')).bullmqCandidate('addBulk', task, place),
    'bullmq add': async (task, place) => (await import('./bullmq.ts')).bullmqCandidate('add', task, place),
    groupmq: async (task, place) => (await import('./groupmq.ts')).groupmqCandidate(task, place),
    '@moleculer/channels': async (task, place) =>
      (await import('./moleculer.ts')).moleculerCandidate('redis', task, place),
    'qified (no storage)': async (task, place) => (await import('./qified.ts')).qifiedRedisCandidate(task, place),
  },
  kafka: {
    bus: async (task, place) => {
      const { KafkaAdapter } = await import('@bus/adapter-kafka')
      const adapter = new KafkaAdapter({ brokers: place.address.split(','), partitions: task.partitions ?? 3 })
      return (await import('./bus.ts')).busCandidate(adapter, task, place)
    },
    'raw kafkajs': async (task, place) => (await import('./raw-kafka.ts')).rawKafkaCandidate('eachBatch', task, place),
    'raw kafkajs, eachMessage': async (task, place) =>
      (await import('./raw-kafka.ts')).rawKafkaCandidate('eachMessage', task, place),
    '@platformatic/kafka': async (task, place) =>
      (await import('./platformatic.ts')).platformaticCandidate(task, place),
    '@moleculer/channels': async (task, place) =>
      (await import('./moleculer.ts')).moleculerCandidate('kafka', task, place),
  },
}
