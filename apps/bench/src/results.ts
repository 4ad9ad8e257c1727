import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sample } from './measurement.ts'
import { median } from './statistics.ts'
import { type Backend, backends } from './tasks.ts'

export interface Row {
  readonly task: string
  readonly candidate: string
  readonly samples: readonly Sample[]
}

/** One run on one backend. */
export interface Results {
  readonly backend: Backend
  /** When it began. */
  readonly at: string
  /** Processor, Node and broker. */
  readonly machine: string
  readonly rounds: number
  readonly secondsEach: number
  readonly rows: readonly Row[]
}

export const defaultFolder: string = fileURLToPath(new URL('../results/', import.meta.url))

export async function writeResults(folder: string, results: Results): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${results.backend}.json`), `${JSON.stringify(results, undefined, 2)}\n`)
}

/** Of every backend that was measured. */
export async function readResults(folder: string = defaultFolder): Promise<Results[]> {
  const found: Results[] = []
  for (const backend of backends) {
    try {
      found.push(JSON.parse(await readFile(join(folder, `${backend}.json`), 'utf8')) as Results)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return found
}

export type Metric = 'rate' | 'cpu' | 'p50' | 'p95' | 'p99' | 'heap' | 'idle'

/** What a sample says, if it does. */
const metrics: Readonly<Record<Metric, (sample: Sample) => number | undefined>> = {
  rate: ({ events, elapsedMs }) => (events === 0 ? undefined : (events / elapsedMs) * 1000),
  cpu: ({ cpuMicros, events }) => (cpuMicros === undefined || events === 0 ? undefined : cpuMicros / events),
  p50: ({ latencyMs }) => latencyMs?.p50,
  p95: ({ latencyMs }) => latencyMs?.p95,
  p99: ({ latencyMs }) => latencyMs?.p99,
  heap: ({ heapGrowthMb }) => heapGrowthMb,
  /** Per cent of a core. */
  idle: ({ events, cpuMicros, elapsedMs }) =>
    events > 0 || cpuMicros === undefined ? undefined : cpuMicros / 10 / elapsedMs,
}

/** The median of its samples. */
export function valueOf(row: Row, metric: Metric): number | undefined {
  const values = row.samples.map(metrics[metric]).filter((value) => value !== undefined)
  return values.length === 0 ? undefined : median(values)
}

export function rowOf(results: Results, task: string, candidate: string): Row | undefined {
  return results.rows.find((row) => row.task === task && row.candidate === candidate)
}

/** The candidate of each task that the others are compared with. */
export function baseOf(results: Results, task: string): Row | undefined {
  return results.rows.find((row) => row.task === task)
}
