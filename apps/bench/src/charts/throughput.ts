import { limits } from '../limits.ts'
import { countOf } from '../report.ts'
import { type Summary, valueOf } from '../summary.ts'
import { type Backend, bases } from '../tasks.ts'
import { colours, drawing, element, text } from './svg.ts'

const [width, labelWidth, barWidth] = [760, 190, 470]
const [rowHeight, barHeight, titleHeight] = [24, 16, 34]

const tasks: Readonly<Record<Backend, string>> = {
  memory: '1 subscription, one by one',
  redis: 'end to end',
  kafka: 'end to end',
}
const titles: Readonly<Record<Backend, string>> = {
  memory: 'Memory: published one by one and handled',
  redis: 'Redis: published, handled and acknowledged',
  kafka: 'Kafka, 3 partitions: published, handled and acknowledged',
}

/** Events per second of one process, a panel for each backend, the quickest first. */
export function throughputChart(summaries: readonly Summary[]): string {
  const content: string[] = []
  let y = 0
  for (const summary of summaries) {
    const bars = barsOf(summary)
    content.push(text(0, y + 20, `${titles[summary.backend]}, events/s`, { 'font-weight': 'bold', 'font-size': 14 }))
    y += titleHeight
    const most = Math.max(...bars.map(({ rate }) => rate))
    for (const bar of bars) {
      content.push(...rowOf(bar, y, barWidth / most, bar.candidate === bases[summary.backend]))
      y += rowHeight
    }
    y += 10
  }
  return drawing(width, y, 'Events per second from publish to acknowledgement, by backend and candidate', content)
}

interface Bar {
  readonly candidate: string
  readonly rate: number
}

/** Without what the servers' own tools can do, beside which nothing else could be seen. */
function barsOf({ backend, rows }: Summary): Bar[] {
  return rows
    .filter(({ task, candidate }) => task === tasks[backend] && limits[candidate] === undefined)
    .map((row) => ({ candidate: row.candidate, rate: valueOf(row, 'rate') ?? 0 }))
    .sort((a, b) => b.rate - a.rate)
}

function rowOf({ candidate, rate }: Bar, y: number, scale: number, isBase: boolean): string[] {
  const isOurs = candidate === 'bus'
  const weight = isOurs ? { 'font-weight': 'bold' } : {}
  const fill = isOurs ? colours.ours : isBase ? colours.base : colours.others
  const end = Math.max(2, rate * scale)
  return [
    text(labelWidth - 8, y + 13, isOurs ? '@bus' : candidate, { 'text-anchor': 'end', ...weight }),
    element('rect', { x: labelWidth, y, width: end, height: barHeight, rx: 2, fill }),
    text(labelWidth + end + 6, y + 13, countOf(rate), weight),
  ]
}
