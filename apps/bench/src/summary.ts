import { layers, type Layer } from './layers.ts'
import type { Sample } from './measurement.ts'
import type { Results, Row } from './results.ts'
import { median } from './statistics.ts'
import type { Backend } from './tasks.ts'

export type Metric = 'rate' | 'cpu' | 'p50' | 'p95' | 'p99' | 'heap' | 'idle'

/** Medians of one run: what a candidate did with a task. */
export type Figures = Readonly<Partial<Record<Metric, number>>> & {
  /** How many measurements they are the medians of; absent where there are none. */
  readonly samples?: number
  /** Microseconds per event. */
  readonly layers?: Readonly<Partial<Record<Layer, number>>>
}

export interface SummaryRow {
  readonly task: string
  readonly candidate: string
  /** One for each run, in order; empty where it was not measured. */
  readonly runs: readonly Figures[]
}

/** All runs on one backend, without their samples. */
export interface Summary {
  readonly backend: Backend
  readonly machine: string
  readonly rounds: number
  readonly secondsEach: number
  readonly runs: readonly {
    readonly at: string
    readonly minutes: number
    readonly busy: number
  }[]
  readonly rows: readonly SummaryRow[]
}

/** What a sample says, if it does. */
const metrics: Readonly<Record<Metric, (sample: Sample) => number | undefined>> = {
  /** Events per second. */
  rate: ({ events, elapsedMs }) => (events === 0 ? undefined : (events / elapsedMs) * 1000),
  /** Microseconds per event. */
  cpu: ({ cpuMicros, events }) => (cpuMicros === undefined || events === 0 ? undefined : cpuMicros / events),
  p50: ({ latencyMs }) => latencyMs?.p50,
  p95: ({ latencyMs }) => latencyMs?.p95,
  p99: ({ latencyMs }) => latencyMs?.p99,
  heap: ({ heapGrowthMb }) => heapGrowthMb,
  /** Per cent of a core. */
  idle: ({ events, cpuMicros, elapsedMs }) =>
    events > 0 || cpuMicros === undefined ? undefined : cpuMicros / 10 / elapsedMs,
}

export function summarise(runs: readonly [Results, ...Results[]]): Summary {
  const [{ backend, machine, rounds, secondsEach }] = runs
  const names = new Map(runs.flatMap(({ rows }) => rows.map((row) => [nameOf(row), row] as const)))
  return {
    backend,
    machine,
    rounds,
    secondsEach,
    runs: runs.map(({ at, minutes, busy }) => ({ at, minutes: rounded(minutes), busy: rounded(busy) })),
    rows: [...names].map(([name, { task, candidate }]) => ({
      task,
      candidate,
      runs: runs.map(({ rows }) => figuresOf(rows.find((row) => nameOf(row) === name)?.samples ?? [])),
    })),
  }
}

/** The median over the runs. */
export function valueOf(row: SummaryRow | undefined, metric: Metric): number | undefined {
  return medianOf(row?.runs.map((figures) => figures[metric]) ?? [])
}

export function layerOfRow(row: SummaryRow | undefined, layer: Layer): number | undefined {
  return medianOf(row?.runs.map((figures) => figures.layers?.[layer]) ?? [])
}

export function rowOf(summary: Summary | undefined, task: string, candidate: string): SummaryRow | undefined {
  return summary?.rows.find((row) => row.task === task && row.candidate === candidate)
}

/** The candidate of each task that the others are compared with. */
export function baseOf(summary: Summary, task: string): SummaryRow | undefined {
  return summary.rows.find((row) => row.task === task)
}

/** The least and the greatest number of measurements that the figures of one run are medians of. */
export function roundsOf({ rows }: Summary): string {
  const counts = rows.flatMap(({ runs }) => runs.map(({ samples }) => samples)).filter((count) => count !== undefined)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? `${least}` : `${least} to ${most}`
}

function figuresOf(samples: readonly Sample[]): Figures {
  if (samples.length === 0) return {}
  const figures: Partial<Record<Metric | 'samples', number>> = { samples: samples.length }
  for (const metric of Object.keys(metrics) as Metric[]) {
    const value = medianOf(samples.map(metrics[metric]))
    if (value !== undefined) figures[metric] = rounded(value)
  }
  const perEvent: Partial<Record<Layer, number>> = {}
  for (const layer of layers) {
    const value = medianOf(samples.map(({ layers: found, events }) => found && (found[layer] ?? 0) / events))
    if (value !== undefined) perEvent[layer] = rounded(value)
  }
  return Object.keys(perEvent).length === 0 ? figures : { ...figures, layers: perEvent }
}

function nameOf({ task, candidate }: Pick<Row, 'task' | 'candidate'>): string {
  return `${task}, ${candidate}`
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : median(known)
}

/** Four digits are more than any figure here deserves. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
