import { baseOf, type Metric, type Results, type Row, valueOf } from './results.ts'
import type { Verdict } from './targets.ts'

const columns = ['measured', 'candidate', 'events/s', 'ratio', 'CPU µs', 'p50 ms', 'p95 ms', 'p99 ms', 'other'] as const

/** Medians, and each candidate as a multiple of the first one of its task. */
export function table(results: Results): string {
  return [
    `${results.backend}: ${describe(results)}`,
    aligned([[...columns], ...results.rows.map(cellsOf(results))]),
  ].join('\n')
}

export function describe({ at, machine, rounds, secondsEach }: Results): string {
  return `${at.slice(0, 10)}, ${machine}, ${rounds} rounds of ${secondsEach} s each`
}

function cellsOf(results: Results): (row: Row) => string[] {
  return (row) => {
    const paced = valueOf(row, 'p50') !== undefined
    const show = (metric: Metric, digits: number): string => valueOf(row, metric)?.toFixed(digits) ?? ''
    const [rate, base] = [valueOf(row, 'rate'), baseOf(results, row.task)]
    const baseRate = base && valueOf(base, 'rate')
    return [
      row.task,
      row.candidate,
      rate === undefined || paced ? '' : Math.round(rate).toLocaleString('en'),
      rate === undefined || baseRate === undefined || paced ? '' : (rate / baseRate).toFixed(2),
      show('cpu', 1),
      show('p50', 2),
      show('p95', 2),
      show('p99', 2),
      otherOf(show('heap', 1), show('idle', 2)),
    ]
  }
}

function otherOf(heap: string, idle: string): string {
  if (heap !== '') return `${heap} MB grown`
  return idle === '' ? '' : `${idle} % of a core`
}

/** Each target with what was measured. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return aligned([
    ['backend', 'path', 'against', 'must', 'aim', 'measured', 'verdict'],
    ...verdicts.map(({ target, value, must, aim }) => {
      const sign = target.atLeast ? '≥' : '≤'
      return [
        target.backend,
        target.path,
        target.against.length === 0 ? target.unit : target.against.join(' / '),
        `${sign} ${target.must}`,
        `${sign} ${target.aim}`,
        value?.toFixed(2) ?? '-',
        verdictOf(value, must, aim),
      ]
    }),
  ])
}

function verdictOf(value: number | undefined, must: boolean, aim: boolean): string {
  if (value === undefined) return 'not measured'
  if (aim) return 'met, and the aim'
  return must ? 'met' : 'NOT MET'
}

/** Numbers to the right, words to the left. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const [head = []] = lines
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    /^[\d.,-]*$/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}
