import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sample } from './measurement.ts'
import type { Backend } from './tasks.ts'

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
  /** Share of the processors that was at work for others when it began. */
  readonly busy: number
  readonly rounds: number
  readonly secondsEach: number
  /** How long all of it took. */
  readonly minutes: number
  readonly rows: readonly Row[]
  /** What could not be measured, and why. */
  readonly failures: readonly string[]
}

export const defaultFolder: string = fileURLToPath(new URL('../../../.work/bench/', import.meta.url))

/** What was measured later takes the place of what was measured before of the same tasks, in the order of `all` tasks. */
export function added(later: Results, before: Results, all: readonly { readonly name: string }[]): Results {
  const isOld = ({ task }: Row): boolean => later.rows.every((row) => row.task !== task)
  const rows = [...later.rows, ...before.rows.filter(isOld)]
  return {
    ...before,
    busy: Math.max(later.busy, before.busy),
    minutes: before.minutes + later.minutes,
    rows: all.flatMap(({ name }) => rows.filter(({ task }) => task === name)),
    failures: [...before.failures, ...later.failures],
  }
}

/** What is there is complete: a run that is cut short keeps what it has measured. */
export async function writeResults(folder: string, run: number, results: Results): Promise<void> {
  await mkdir(join(folder, `run-${run}`), { recursive: true })
  await writeFile(fileOf(folder, run, results.backend), `${JSON.stringify(results)}\n`)
}

/** Undefined where that run did not happen. */
export async function readResults(folder: string, run: number, backend: Backend): Promise<Results | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(folder, run, backend), 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Every run of a backend, the first one first. */
export async function readRuns(folder: string, backend: Backend): Promise<Results[]> {
  const runs: Results[] = []
  for (let run = 1; ; run++) {
    const results = await readResults(folder, run, backend)
    if (results === undefined) return runs
    runs.push(results)
  }
}

/** Results of before say nothing about what is measured now. */
export async function forgetRuns(folder: string, backend: Backend): Promise<void> {
  for (let run = 1; (await readResults(folder, run, backend)) !== undefined; run++)
    await rm(fileOf(folder, run, backend))
}

function fileOf(folder: string, run: number, backend: Backend): string {
  return join(folder, `run-${run}`, `${backend}.json`)
}
