import { baseOf, type Metric, roundsOf, type Summary, type SummaryRow, valueOf } from './summary.ts'
import type { Verdict } from './targets.ts'

type Line = readonly string[]

/** What a table of measurements says, the names of its columns first. */
export function linesOf(summary: Summary, wanted: (task: string) => boolean = () => true): Line[] {
  const head = ['measured', 'candidate', 'events/s', 'ratio', 'CPU µs', 'p50 ms', 'p95 ms', 'p99 ms', 'other']
  return [head, ...summary.rows.filter(({ task }) => wanted(task)).map(cellsOf(summary))]
}

/** Medians, and each candidate as a multiple of the first one of its task. */
export function table(summary: Summary): string {
  return [`${summary.backend}: ${describe(summary)}`, aligned(linesOf(summary))].join('\n')
}

export function describe(summary: Summary): string {
  const { runs, machine, secondsEach } = summary
  const days = [...new Set(runs.map(({ at }) => at.slice(0, 10)))].join(' and ')
  const each = `${roundsOf(summary)} rounds of ${secondsEach} s each`
  return `${days}, ${machine}, ${runs.length === 1 ? each : `${runs.length} runs of ${each}`}`
}

function cellsOf(summary: Summary): (row: SummaryRow) => Line {
  return (row) => {
    const paced = valueOf(row, 'p50') !== undefined
    const show = (metric: Metric, digits: number): string => valueOf(row, metric)?.toFixed(digits) ?? ''
    const [rate, baseRate] = [valueOf(row, 'rate'), valueOf(baseOf(summary, row.task), 'rate')]
    return [
      row.task,
      row.candidate,
      rate === undefined || paced ? '' : countOf(rate),
      rate === undefined || baseRate === undefined || paced ? '' : (rate / baseRate).toFixed(2),
      show('cpu', 1),
      show('p50', 2),
      show('p95', 2),
      show('p99', 2),
      otherOf(show('heap', 1), show('idle', 2)),
    ]
  }
}

export function countOf(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function otherOf(heap: string, idle: string): string {
  if (heap !== '') return `${heap} MB grown`
  return idle === '' ? '' : `${idle} % of a core`
}

/** Each target with what was measured in each run. */
export function verdictLines(verdicts: readonly Verdict[]): Line[] {
  const runs = Math.max(1, ...verdicts.map(({ values }) => values.length))
  const names = Array.from({ length: runs }, (_, run) => (runs === 1 ? 'measured' : `run ${run + 1}`))
  return [
    ['backend', 'path', 'against', 'must', 'aim', ...names, 'verdict'],
    ...verdicts.map((verdict) => {
      const { target, values } = verdict
      const sign = target.atLeast ? '≥' : '≤'
      return [
        target.backend,
        target.path,
        target.against.length === 0 ? target.unit : target.against.join(' / '),
        `${sign} ${target.must}`,
        `${sign} ${target.aim}`,
        ...names.map((_, run) => values[run]?.toFixed(2) ?? '-'),
        verdictOf(verdict),
      ]
    }),
  ]
}

/** A median of fewer is worth less, and says so. */
const enough = 5

function verdictOf({ values, must, aim, samples }: Verdict): string {
  if (values.length === 0 || values.includes(undefined)) return 'not measured'
  const found = aim ? 'met, and the aim' : must ? 'met' : 'NOT MET'
  return samples < enough ? `${found} (measured ${samples} ×)` : found
}

/** Numbers to the right, words to the left. */
export function aligned(lines: readonly Line[]): string {
  const [head = []] = lines
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    isNumber(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

/** Also one that is missing. */
export function isNumber(cell: string): boolean {
  return /^[\d.,-]*$/.test(cell)
}
