import { type Line, linesOfStudy, type Point } from '../growth-lines.ts'
import type { Summary } from '../summary.ts'
import type { Backend } from '../tasks.ts'
import { type LogScale, logScale } from './scale.ts'
import { colours, drawing, element, line, text } from './svg.ts'

const [columns, panelWidth, panelHeight] = [3, 252, 210]
const [plotLeft, plotRight, plotTop, plotBottom] = [40, 228, 34, 168]
const looks: Readonly<Record<Backend, { stroke: string; 'stroke-dasharray': string }>> = {
  memory: { stroke: '#a371f7', 'stroke-dasharray': 'none' },
  redis: { stroke: '#e5534b', 'stroke-dasharray': '6 3' },
  kafka: { stroke: colours.ours, 'stroke-dasharray': '2 3' },
}

/** A panel for each thing that grows: events per second against those at its least, which is 1; one scale for all. */
export function growthChart(summaries: readonly Summary[]): string {
  const panels = [...linesOfStudy(summaries, 'growth')]
  const all = panels.flatMap(([, lines]) =>
    lines.flatMap(({ points }) => points.map((point) => relative(point, points))),
  )
  const scale = logScale([0.5, 1.9, ...all], plotBottom, plotTop)
  const content = panels.flatMap(([what, lines], index) => {
    const [x, y] = [(index % columns) * panelWidth, Math.floor(index / columns) * panelHeight]
    return element('g', { transform: `translate(${x} ${y})` }, panelOf(what, lines, scale).join('\n'))
  })
  const bottom = Math.ceil(panels.length / columns) * panelHeight
  const legend = Object.entries(looks).flatMap(([name, look], index) => [
    line([plotLeft + index * 110, bottom + 8], [plotLeft + 30 + index * 110, bottom + 8], {
      ...look,
      'stroke-width': 2,
    }),
    text(plotLeft + 36 + index * 110, bottom + 12, `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`),
  ])
  const title = 'Events per second as something else grows, as a multiple of those at its least'
  return drawing(columns * panelWidth, bottom + 24, title, [...content, ...legend])
}

function relative({ rate }: Point, [first]: readonly Point[]): number {
  return rate / (first?.rate ?? rate)
}

function panelOf(what: string, lines: readonly Line[], scale: LogScale): string[] {
  const values = [...new Set(lines.flatMap(({ points }) => points.map(({ value }) => value)))].sort((a, b) => a - b)
  const step = (plotRight - plotLeft) / Math.max(1, values.length - 1)
  const x = (value: number): number => plotLeft + values.indexOf(value) * step
  return [
    text(plotLeft - 30, 20, what, { 'font-weight': 'bold' }),
    ...scale.marks.flatMap((mark) => [
      line([plotLeft, scale.at(mark)], [plotRight, scale.at(mark)], {
        stroke: colours.grid,
        'stroke-width': mark === 1 ? 2 : 1,
      }),
      text(plotLeft - 6, scale.at(mark) + 4, `${mark}`, { 'text-anchor': 'end', 'font-size': 11 }),
    ]),
    ...values.map((value) =>
      text(x(value), plotBottom + 16, value.toLocaleString('en'), { 'text-anchor': 'middle', 'font-size': 11 }),
    ),
    ...lines.flatMap(({ backend, points }) => {
      const places = points.map((point) => [x(point.value), scale.at(relative(point, points))] as const)
      const path = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
      return [
        element('polyline', { points: path, fill: 'none', 'stroke-width': 2, ...looks[backend] }),
        ...places.map(([cx, cy]) => element('circle', { cx, cy, r: 3, fill: looks[backend].stroke })),
      ]
    }),
  ]
}
