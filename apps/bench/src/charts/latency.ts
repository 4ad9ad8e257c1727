import { rowOf, type Summary, type SummaryRow, valueOf } from '../summary.ts'
import { bases } from '../tasks.ts'
import { logScale } from './scale.ts'
import { colours, drawing, element, line, text } from './svg.ts'

const [width, left, right] = [760, 190, 730]
const [rowHeight, titleHeight] = [24, 42]
const rates = ['latency at 200/s', 'latency at 2,000/s']

/** From the call of `publish` to that of the handler: p50, p95 and p99 on one logarithmic axis. */
export function latencyChart(summaries: readonly Summary[]): string {
  const panels = summaries.flatMap((summary) =>
    rates.map((task) => ({ summary, task, rows: rowsOf(summary, task) })).filter(({ rows }) => rows.length > 0),
  )
  const all = panels.flatMap(({ rows }) => rows.flatMap(({ values }) => values))
  const scale = logScale(all.length === 0 ? [1] : all, left, right)
  const content: string[] = []
  let y = 0
  for (const { summary, task, rows } of panels) {
    const name = summary.backend === 'redis' ? 'Redis' : 'Kafka'
    content.push(text(0, y + 20, `${name}, ${task}`, { 'font-weight': 'bold', 'font-size': 14 }))
    y += titleHeight
    for (const { candidate, values } of rows) {
      const fill =
        candidate === 'bus' ? colours.ours : candidate === bases[summary.backend] ? colours.base : colours.others
      const weight = candidate === 'bus' ? { 'font-weight': 'bold' } : {}
      const [first = 1, , last = 1] = values
      const label = candidate === 'bus' ? '@bus' : candidate
      content.push(
        text(left - 8, y + 4, label, { 'text-anchor': 'end', ...weight }),
        line([scale.at(first), y], [scale.at(last), y], { stroke: fill, 'stroke-width': 2 }),
        ...values.map((value, index) => element('circle', { cx: scale.at(value), cy: y, r: 6 - index * 1.5, fill })),
      )
      y += rowHeight
    }
  }
  const bottom = y - 8
  const grid = scale.marks.flatMap((mark) => [
    line([scale.at(mark), titleHeight - 16], [scale.at(mark), bottom], { stroke: colours.grid }),
    text(scale.at(mark), bottom + 16, `${mark}`, { 'text-anchor': 'middle', 'font-size': 11 }),
  ])
  const legend = text(left, bottom + 36, 'milliseconds; the largest dot is p50, then p95 and p99', { 'font-size': 12 })
  return drawing(width, bottom + 44, 'Latency from publish to handler: p50, p95 and p99', [...grid, ...content, legend])
}

/** Those of whom all three are known. */
function rowsOf(summary: Summary, task: string): { candidate: string; values: number[] }[] {
  const named = summary.rows.filter((row) => row.task === task).map(({ candidate }) => candidate)
  return named
    .map((candidate) => ({ candidate, values: percentilesOf(rowOf(summary, task, candidate)) }))
    .filter(({ values }) => values.length === 3)
}

function percentilesOf(row: SummaryRow | undefined): number[] {
  return (['p50', 'p95', 'p99'] as const)
    .map((metric) => valueOf(row, metric))
    .filter((value) => value !== undefined && value > 0) as number[]
}
