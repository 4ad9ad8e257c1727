import { type Metric, rowOf, type Summary } from './summary.ts'
import { type Backend, bases } from './tasks.ts'

/** Below `must` the path counts as broken; `aim` is where work on it may end. */
export interface Target {
  readonly backend: Backend
  readonly path: string
  /** The task it is measured with. */
  readonly task: string
  readonly metric: Metric
  /** Whose figure ours is divided by; of several the best one. Nobody: the figure itself is bounded. */
  readonly against: readonly string[]
  readonly unit: '×' | 'µs' | 'MB' | '% of a core'
  /** Whether more is better, as with rates. */
  readonly atLeast: boolean
  readonly must: number
  readonly aim: number
}

export interface Verdict {
  readonly target: Target
  /** One for each run; undefined where it was not measured. */
  readonly values: readonly (number | undefined)[]
  /** The fewest measurements that a value is the median of, ours and theirs. */
  readonly samples: number
  /** Whether all of them are within. */
  readonly must: boolean
  readonly aim: boolean
}

type Bounds = readonly [must: number, aim: number]
type Versus = readonly [path: string, task: string, against: string | readonly string[], bounds: Bounds]

const { redis: redisRaw, kafka: kafkaRaw } = bases

export const targets: readonly Target[] = [
  faster('redis', ['end to end, one process', 'end to end', redisRaw, [0.75, 1]]),
  faster('redis', ['end to end, two processes', 'end to end, two processes', redisRaw, [0.75, 1]]),
  faster('redis', ['end to end, 50 keys, concurrency 16', 'end to end, 50 keys', redisRaw, [0.5, 0.75]]),
  faster('redis', ['end to end, 1,000 keys, concurrency 16', 'end to end, 1,000 keys', redisRaw, [0.5, 0.75]]),
  faster('redis', ['end to end', 'end to end', ['bullmq addBulk', 'bullmq add'], [5, 8]]),
  faster('redis', ['end to end', 'end to end', '@moleculer/channels', [8, 12]]),
  faster('redis', ['publish one by one', 'publish, one by one', redisRaw, [0.8, 0.95]]),
  quicker('redis', 'p50', ['p50 at 200/s', 'latency at 200/s', redisRaw, [1.4, 1.1]]),
  quicker('redis', 'p95', ['p95 at 2,000/s', 'latency at 2,000/s', redisRaw, [1.5, 1]]),
  bounded('redis', 'cpu', 'µs', 'CPU per event, end to end', 'end to end', [15, 10]),
  faster('kafka', ['end to end, 3 partitions', 'end to end', kafkaRaw, [0.75, 1]]),
  faster('kafka', [
    'end to end, slow handler (5 ms), 1,000 keys, concurrency 64',
    'slow handler (5 ms), 1,000 keys, concurrency 64',
    'raw kafkajs, eachMessage',
    [10, 15],
  ]),
  faster('kafka', ['end to end', 'end to end', '@moleculer/channels', [15, 25]]),
  quicker('kafka', 'p50', ['p50 at 200/s', 'latency at 200/s', kafkaRaw, [1.3, 1.1]]),
  faster('memory', ['1 subscription, one by one', '1 subscription, one by one', 'emittery', [0.3, 0.6]]),
  faster('memory', ['10 subscriptions, one by one', '10 subscriptions, one by one', 'emittery', [0.2, 0.45]]),
  ...(['memory', 'redis', 'kafka'] as const).flatMap((backend) => [
    bounded(backend, 'heap', 'MB', 'heap growth over 1 M events', 'heap growth', [2, 0]),
    bounded(
      backend,
      'idle',
      '% of a core',
      'idle, ten subscriptions',
      'idle, ten subscriptions',
      backend === 'kafka' ? [6, 3] : [1, 0.5],
    ),
  ]),
]

export function judge(target: Target, all: readonly Summary[]): Verdict {
  const summary = all.find(({ backend }) => backend === target.backend)
  const values = summary?.runs.map((_, run) => measured(target, summary, run)) ?? []
  const within = (bound: number): boolean =>
    values.length > 0 &&
    values.every((value) => value !== undefined && (target.atLeast ? value >= bound : value <= bound))
  const rows = ['bus', ...target.against].map((candidate) => rowOf(summary, target.task, candidate))
  const samples = Math.min(...rows.flatMap((row) => row?.runs.map((figures) => figures.samples ?? 0) ?? []))
  return { target, values, samples, must: within(target.must), aim: within(target.aim) }
}

function measured({ task, metric, against }: Target, summary: Summary, run: number): number | undefined {
  const figureOf = (candidate: string): number | undefined => rowOf(summary, task, candidate)?.runs[run]?.[metric]
  const ours = figureOf('bus')
  if (against.length === 0 || ours === undefined) return ours
  const theirs = against.map(figureOf).filter((value) => value !== undefined)
  return theirs.length === 0 ? undefined : ours / (metric === 'rate' ? Math.max(...theirs) : Math.min(...theirs))
}

function faster(backend: Backend, [path, task, against, [must, aim]]: Versus): Target {
  return { backend, path, task, metric: 'rate', against: [against].flat(), unit: '×', atLeast: true, must, aim }
}

function quicker(backend: Backend, metric: Metric, [path, task, against, [must, aim]]: Versus): Target {
  return { backend, path, task, metric, against: [against].flat(), unit: '×', atLeast: false, must, aim }
}

function bounded(
  backend: Backend,
  metric: Metric,
  unit: Target['unit'],
  path: string,
  task: string,
  [must, aim]: Bounds,
): Target {
  return { backend, path, task, metric, against: [], unit, atLeast: false, must, aim }
}
