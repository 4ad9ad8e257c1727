import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { growthChart } from '../charts/growth.ts'
import { latencyChart } from '../charts/latency.ts'
import { throughputChart } from '../charts/throughput.ts'
import type { Summary } from '../summary.ts'
import { type Backend, backends } from '../tasks.ts'
import { blocksOf } from './content.ts'
import { withBlocks } from './blocks.ts'

const root = new URL('../../../../', import.meta.url)
const folder = new URL('docs/performance/', root)
export const pages: readonly URL[] = ['docs/performance.md', 'README.md'].map((page) => new URL(page, root))

/** Of every backend that has been committed. */
export async function readSummaries(): Promise<Summary[]> {
  return Promise.all(backends.map(async (backend) => JSON.parse(await readFile(jsonFile(backend), 'utf8')) as Summary))
}

/** The JSON of what was measured, then all that is drawn and written from it. What was not measured stays. */
export async function writePages(measured: readonly Summary[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const summary of measured) await writeFile(jsonFile(summary.backend), jsonOf(summary))
  const summaries = await readSummaries()
  for (const [name, svg] of Object.entries(chartsOf(summaries))) await writeFile(new URL(name, folder), svg)
  for (const page of pages) {
    const text = await readFile(page, 'utf8')
    await writeFile(page, withBlocks(text, blocksOf(summaries)))
    process.stderr.write(`wrote ${basename(fileURLToPath(page))}\n`)
  }
}

/** By the name of their file in `docs/performance/`. */
export function chartsOf(summaries: readonly Summary[]): Readonly<Record<string, string>> {
  return {
    'throughput.svg': throughputChart(summaries),
    'latency.svg': latencyChart(summaries),
    'growth.svg': growthChart(summaries),
  }
}

export function readChart(name: string): Promise<string> {
  return readFile(new URL(name, folder), 'utf8')
}

/** A row a line, so that a change can be read. */
export function jsonOf({ rows, ...others }: Summary): string {
  const written = JSON.stringify(others, undefined, 2).slice(0, -2)
  return `${written},\n  "rows": [\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]\n}\n`
}

function jsonFile(backend: Backend): URL {
  return new URL(`${backend}.json`, folder)
}
