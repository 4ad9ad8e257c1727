import { adapters, promises, type Guarantee } from './promises.ts'
import type { Outcome } from './outcomes.ts'

/** What was found about one adapter, by the name of the case. */
export type Findings = Readonly<Record<string, Readonly<Record<string, Outcome>>>>

/** The table in Markdown, padded as the formatter would. */
export function tableOf(findings: Findings, registered: ReadonlySet<string>): string {
  const header = ['Promise', ...Object.values(adapters)]
  const names = Object.keys(adapters) as (keyof typeof adapters)[]
  const rows = promises.map((promise) => {
    const cases = promise.cases.filter((name) => registered.has(name))
    return [promise.text, ...names.map((adapter) => cellOf(promise, adapter, cases, findings[adapter] ?? {}))]
  })
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`
  return [
    line(header),
    line(
      header.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n')
}

/** Cases whose outcome is not known for some adapter: the suite did not run there, or not as it is now. */
export function missingOutcomes(findings: Findings, registered: ReadonlySet<string>): string[] {
  return Object.keys(adapters).flatMap((adapter) =>
    [...registered].filter((name) => findings[adapter]?.[name] === undefined).map((name) => `${adapter}: ${name}`),
  )
}

function cellOf(
  { cases: all, limits }: Guarantee,
  adapter: keyof typeof adapters,
  cases: readonly string[],
  found: Readonly<Record<string, Outcome>>,
): string {
  const outcomes = cases.map((name) => found[name])
  const verdict = verdictOf(outcomes, cases.length === all.length)
  const words = limits?.[adapter]
  return words === undefined ? verdict : `${verdict}; ${words}`
}

/** `complete`: the suite runs every case that the promise needs. */
function verdictOf(outcomes: readonly (Outcome | undefined)[], complete: boolean): string {
  const facts = outcomes.flatMap((outcome) => (typeof outcome === 'object' ? [outcome.fact] : []))
  if (outcomes.includes('failed')) return '**failed**'
  if (outcomes.includes('passed')) return complete ? 'yes' : 'in part'
  return facts.length > 0 ? `not applicable (${[...new Set(facts)].join(', ')})` : 'not in the suite yet'
}
