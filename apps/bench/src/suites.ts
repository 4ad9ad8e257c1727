import type { CandidateFactory, Task } from './measurement.ts'

export interface Suite {
  /** The first one is the base of the ratios. */
  readonly candidates: Readonly<Record<string, CandidateFactory>>
  /** What is measured, by name. */
  readonly tasks: Readonly<Record<string, Omit<Task, 'address'>>>
}

// Each process loads only what it measures.
export const suites: Readonly<Record<string, Suite>> = {
  memory: {
    candidates: {
      emittery: async (task) => (await import('./candidates/emittery.ts')).emitteryCandidate(task),
      bus: async (task) => {
        const { InMemoryAdapter } = await import('@bus/adapter-memory')
        return (await import('./candidates/bus.ts')).busCandidate(new InMemoryAdapter(), task)
      },
    },
    tasks: {
      '1 subscription, one by one': { events: 100_000, window: 1, subscriptions: 1, keys: 0 },
      '10 subscriptions, one by one': { events: 20_000, window: 1, subscriptions: 10, keys: 0 },
    },
  },
  redis: {
    candidates: {
      'raw ioredis, pipeline(500)': async (task) => (await import('./candidates/raw-redis.ts')).rawRedisCandidate(task),
      bus: async (task) => {
        const { RedisAdapter } = await import('@bus/adapter-redis')
        return (await import('./candidates/bus.ts')).busCandidate(new RedisAdapter({ url: task.address }), task)
      },
    },
    tasks: {
      'end to end, no key': { events: 50_000, window: 500, subscriptions: 1, keys: 0 },
      'end to end, 50 keys': { events: 50_000, window: 500, subscriptions: 1, keys: 50 },
    },
  },
  kafka: {
    candidates: {
      'raw kafkajs, 500 per send': async (task) => (await import('./candidates/raw-kafka.ts')).rawKafkaCandidate(task),
      bus: async (task) => {
        const { KafkaAdapter } = await import('@bus/adapter-kafka')
        const adapter = new KafkaAdapter({ brokers: task.address.split(','), partitions: 3 })
        return (await import('./candidates/bus.ts')).busCandidate(adapter, task)
      },
    },
    tasks: {
      'end to end, no key': { events: 50_000, window: 500, subscriptions: 1, keys: 0 },
      'end to end, 50 keys': { events: 50_000, window: 500, subscriptions: 1, keys: 50 },
    },
  },
}
