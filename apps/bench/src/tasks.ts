import { simplest, type Task } from './measurement.ts'

export interface Assignment {
  readonly name: string
  readonly task: Task
  /** The first one is the base of the ratios. */
  readonly candidates: readonly string[]
  /** At most so many rounds, where one takes long. */
  readonly rounds?: number
}

export type Backend = 'memory' | 'redis' | 'kafka'
export const backends: readonly Backend[] = ['memory', 'redis', 'kafka']

/** With whom the others are compared. */
export const bases: Readonly<Record<Backend, string>> = {
  memory: 'emittery',
  redis: 'raw ioredis',
  kafka: 'raw kafkajs',
}

export function assignment(
  name: string,
  candidates: readonly string[],
  changes: Partial<Task>,
  rounds?: number,
): Assignment {
  const task = { ...simplest, ...changes }
  return rounds === undefined ? { name, task, candidates } : { name, task, candidates, rounds }
}

const memory = [bases.memory, 'bus', 'mqemitter', 'qified', 'EventEmitter']
const { redis: redisRaw, kafka: kafkaRaw } = bases
const bull = ['bullmq addBulk', 'bullmq add']
const ours = ['bus']

export const standard: Readonly<Record<Backend, readonly Assignment[]>> = {
  memory: [
    assignment('1 subscription, one by one', memory, { window: 1 }),
    assignment('10 subscriptions, one by one', memory, { window: 1, subscriptions: 10 }),
    assignment('1 subscription, 500 at once', memory, {}),
    ...resources(),
  ],
  redis: [
    assignment('publish, one by one', [redisRaw, 'bus', 'bullmq add', '@moleculer/channels'], {
      kind: 'publish',
      window: 1,
    }),
    assignment('publish, 500 at once', [redisRaw, 'bus', 'raw ioredis, script', ...bull, 'redis-benchmark'], {
      kind: 'publish',
    }),
    assignment(
      'end to end',
      [redisRaw, 'bus', 'raw ioredis, script', ...bull, 'groupmq', '@moleculer/channels', 'qified (no storage)'],
      {},
    ),
    assignment('end to end, two processes', [redisRaw, 'bus', 'bullmq addBulk', '@moleculer/channels'], {
      processes: 2,
    }),
    // The raw loop knows no keys: it is the same as above.
    assignment('end to end, 50 keys', [redisRaw, 'bus', 'groupmq'], { keys: 50, concurrency: 16 }),
    assignment('end to end, 1,000 keys', [redisRaw, 'bus'], { keys: 1_000, concurrency: 16 }),
    ...latencies([redisRaw, 'bus', 'bullmq add', '@moleculer/channels']),
    ...resources(),
  ],
  kafka: [
    assignment('publish, one by one', [kafkaRaw, 'bus', '@platformatic/kafka'], { kind: 'publish', window: 1 }),
    assignment('publish, 500 at once', [kafkaRaw, 'bus', '@platformatic/kafka', 'ProducerPerformance'], {
      kind: 'publish',
    }),
    assignment(
      'end to end',
      [kafkaRaw, 'bus', '@platformatic/kafka', '@moleculer/channels', 'ConsumerPerformance (consume only)'],
      {},
    ),
    assignment('end to end, two processes', [kafkaRaw, 'bus', '@platformatic/kafka'], { processes: 2 }),
    assignment('slow handler (5 ms), 1,000 keys, concurrency 64', ['raw kafkajs, eachMessage', 'bus'], {
      handlerMs: 5,
      keys: 1_000,
      concurrency: 64,
    }),
    ...latencies([kafkaRaw, 'bus', '@platformatic/kafka']),
    ...resources(),
  ],
}

function latencies(candidates: readonly string[]): Assignment[] {
  return [
    assignment('latency at 200/s', candidates, { kind: 'latency', rate: 200 }),
    assignment('latency at 2,000/s', candidates, { kind: 'latency', rate: 2_000 }),
  ]
}

function resources(): Assignment[] {
  return [
    assignment('heap growth', ours, { kind: 'heap' }, 1),
    assignment('idle, ten subscriptions', ours, { kind: 'idle', subscriptions: 10 }),
  ]
}
