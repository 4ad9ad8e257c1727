import { type Line, linesOfStudy } from '../growth-lines.ts'
import type { Summary } from '../summary.ts'
import type { Backend } from '../tasks.ts'
import { logScale } from './scale.ts'
import { colours, drawing, element, line, text } from './svg.ts'

const [columns, panelWidth, panelHeight] = [3, 250, 190]
const [plotLeft, plotRight, plotTop, plotBottom] = [40, 230, 34, 150]
const looks: Readonly<Record<Backend, { stroke: string; 'stroke-dasharray': string }>> = {
  memory: { stroke: '#a371f7', 'stroke-dasharray': 'none' },
  redis: { stroke: '#e5534b', 'stroke-dasharray': '6 3' },
  kafka: { stroke: colours.ours, 'stroke-dasharray': '2 3' },
}

/** A panel for each thing that grows: events per second against those at its least, which is 1. */
export function growthChart(summaries: readonly Summary[]): string {
  const panels = [...linesOfStudy(summaries, 'growth')]
  const content = panels.flatMap(([what, lines], index) => {
    const [x, y] = [(index % columns) * panelWidth, Math.floor(index / columns) * panelHeight]
    return element('g', { transform: `translate(${x} ${y})` }, panelOf(what, lines).join('\n'))
  })
  const bottom = Math.ceil(panels.length / columns) * panelHeight
  const legend = Object.entries(looks).flatMap(([name, look], index) => [
    line([plotLeft + index * 110, bottom + 8], [plotLeft + 30 + index * 110, bottom + 8], {
      ...look,
      'stroke-width': 2,
    }),
    text(plotLeft + 36 + index * 110, bottom + 12, name),
  ])
  const title = 'Events per second as something else grows, as a multiple of those at its least'
  return drawing(columns * panelWidth, bottom + 24, title, [...content, ...legend])
}

function panelOf(what: string, lines: readonly Line[]): string[] {
  const values = [...new Set(lines.flatMap(({ points }) => points.map(({ value }) => value)))].sort((a, b) => a - b)
  const step = (plotRight - plotLeft) / Math.max(1, values.length - 1)
  const x = (value: number): number => plotLeft + values.indexOf(value) * step
  const relative = lines.map(({ backend, points }) => ({
    backend,
    points: points.map(({ value, rate }) => [value, rate / (points[0]?.rate ?? rate)] as const),
  }))
  const scale = logScale([0.5, 1.9, ...relative.flatMap(({ points }) => points.map(([, y]) => y))], plotBottom, plotTop)
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
    ...relative.flatMap(({ backend, points }) => {
      const places = points.map(([value, y]) => [x(value), scale.at(y)] as const)
      const path = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
      return [
        element('polyline', { points: path, fill: 'none', 'stroke-width': 2, ...looks[backend] }),
        ...places.map(([cx, cy]) => element('circle', { cx, cy, r: 3, fill: looks[backend].stroke })),
      ]
    }),
  ]
}
