import { linesOfStudy } from '../growth-lines.ts'
import { layers } from '../layers.ts'
import { countOf, linesOf, verdictLines } from '../report.ts'
import type { Step } from '../studies.ts'
import { layerOfRow, roundsOf, rowOf, type Summary, valueOf } from '../summary.ts'
import { type Backend, bases, standard } from '../tasks.ts'
import { judge, targets, type Target, type Verdict } from '../targets.ts'
import type { Blocks } from './blocks.ts'
import { limitOf } from './limits.ts'
import { markdownTable } from './markdown.ts'

/** What the pages say of what was measured, block by block. */
export function blocksOf(summaries: readonly Summary[]): Blocks {
  const of = (backend: Backend): Summary | undefined => summaries.find((summary) => summary.backend === backend)
  const verdicts = targets.map((target) => judge(target, summaries))
  return {
    conditions: conditionsOf(summaries),
    summary: `${noteOf(summaries)}${markdownTable(headlines(summaries))}`,
    targets: markdownTable(verdictLines(verdicts)),
    limits: unmetOf(verdicts),
    layers: markdownTable(layerLines(summaries, 'profile, 500 at once')),
    'layers-one-by-one': markdownTable(layerLines(summaries, 'profile, one by one')),
    memory: standardTable(of('memory')),
    redis: standardTable(of('redis')),
    kafka: standardTable(of('kafka')),
    growth: studyTables(summaries, 'growth'),
    knobs: studyTables(summaries, 'knob'),
  }
}

/** Above it, something else was at work while this was measured. */
const quiet = 0.15

function conditionsOf(summaries: readonly Summary[]): string {
  const lines = summaries.map((summary) => {
    const { backend, machine, secondsEach, runs } = summary
    const days = [...new Set(runs.map(({ at }) => at.slice(0, 10)))].join(' and ')
    const minutes = runs.map((run) => Math.round(run.minutes)).join(' and ')
    const count = runs.length === 1 ? 'one run' : `${runs.length} runs`
    return `- ${names[backend]}: ${machine}; ${days}; ${count} of ${roundsOf(summary)} rounds of ${secondsEach} s, ${minutes} minutes`
  })
  return `${noteOf(summaries)}${lines.join('\n')}`
}

function noteOf(summaries: readonly Summary[]): string {
  const busiest = Math.max(...summaries.flatMap(({ runs }) => runs.map(({ busy }) => busy)))
  if (busiest <= quiet) return ''
  const share = Math.round(busiest * 100)
  return `> **Provisional**: other programs had ${share} % of the processors when this was measured. Neither figures nor ratios\n> count until it is measured again on a quiet machine.\n\n`
}

const names: Readonly<Record<Backend, string>> = { memory: 'Memory', redis: 'Redis', kafka: 'Kafka' }
const endToEnd: Readonly<Record<Backend, string>> = {
  memory: '1 subscription, one by one',
  redis: 'end to end',
  kafka: 'end to end',
}

function headlines(summaries: readonly Summary[]): string[][] {
  return [
    ['', 'events/s', 'CPU per event', 'p50 at 200/s', 'against', 'heap growth over 1 M events'],
    ...summaries.map((summary) => {
      const { backend } = summary
      const [ours, base] = ['bus', bases[backend]].map((candidate) => rowOf(summary, endToEnd[backend], candidate))
      const [rate, baseRate, p50] = [
        valueOf(ours, 'rate'),
        valueOf(base, 'rate'),
        valueOf(rowOf(summary, 'latency at 200/s', 'bus'), 'p50'),
      ]
      return [
        names[backend],
        rate === undefined ? '' : countOf(rate),
        unit(valueOf(ours, 'cpu')?.toFixed(1), 'µs'),
        unit(p50?.toFixed(2), 'ms'),
        rate === undefined || baseRate === undefined ? '' : `${(rate / baseRate).toFixed(2)} × ${bases[backend]}`,
        unit(valueOf(rowOf(summary, 'heap growth', 'bus'), 'heap')?.toFixed(1), 'MB'),
      ]
    }),
  ]
}

function unit(value: string | undefined, name: string): string {
  return value === undefined ? '' : `${value} ${name}`
}

/** Microseconds per event, ours beside the base. */
function layerLines(summaries: readonly Summary[], task: string): string[][] {
  const columns = summaries.flatMap((summary) =>
    ['bus', bases[summary.backend]].map((candidate) => ({
      head: candidate === 'bus' ? `${names[summary.backend]}: @bus` : candidate,
      row: rowOf(summary, task, candidate),
    })),
  )
  const cell = (value: number | undefined): string => value?.toFixed(2) ?? ''
  const total = columns.map(({ row }) =>
    layers.filter((layer) => layer !== 'waiting').reduce((sum, layer) => sum + (layerOfRow(row, layer) ?? 0), 0),
  )
  return [
    ['µs per event', ...columns.map(({ head }) => head)],
    ...layers.map((layer) => [layer, ...columns.map(({ row }) => cell(layerOfRow(row, layer)))]),
    ['all but waiting', ...total.map((sum) => cell(sum))],
  ]
}

function standardTable(summary: Summary | undefined): string {
  if (summary === undefined) return 'Not measured.'
  const wanted = new Set(standard[summary.backend].map(({ name }) => name))
  const lines = linesOf(summary, (task) => wanted.has(task))
  const used = lines[0]?.map((_, column) => lines.slice(1).some((line) => line[column] !== '')) ?? []
  return markdownTable(lines.map((line) => line.filter((_, column) => used[column])))
}

function studyTables(summaries: readonly Summary[], part: Step['part']): string {
  return [...linesOfStudy(summaries, part)]
    .map(([what, lines]) => {
      const values = [...new Set(lines.flatMap(({ points }) => points.map(({ value }) => value)))].sort((a, b) => a - b)
      const head = [what, ...lines.map(({ backend }) => `${names[backend]}, events/s`)]
      const rows = values.map((value) => [
        value.toLocaleString('en'),
        ...lines.map(({ points }) => {
          const rate = points.find((point) => point.value === value)?.rate
          return rate === undefined ? '' : countOf(rate)
        }),
      ])
      return markdownTable([head, ...rows])
    })
    .join('\n\n')
}

/** Where the aim is not met, and what keeps it from being met; what has the same reason stands together. */
function unmetOf(verdicts: readonly Verdict[]): string {
  const unmet = verdicts.filter(({ aim }) => !aim)
  if (unmet.length === 0) return 'Every aim is met.'
  return [...Map.groupBy(unmet, ({ target }) => `${names[target.backend]}: ${limitOf(target)}`)]
    .map(([reason, those]) => `- ${reason}\n${those.map((verdict) => `  - ${shortfallOf(verdict)}`).join('\n')}`)
    .join('\n')
}

function shortfallOf({ target, values, must }: Verdict): string {
  const found = values.map((value) => value?.toFixed(2) ?? 'not measured').join(' and ')
  const sign = target.atLeast ? '≥' : '≤'
  return `${titleOf(target)}: ${found}, aim ${sign} ${target.aim}${must ? '' : `, **must ${sign} ${target.must}**`}`
}

function titleOf({ path, against, unit: name }: Target): string {
  return against.length === 0 ? `${path}, ${name}` : `${path}, against ${against.join(' or ')}`
}
