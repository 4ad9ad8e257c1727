import { stepOf, type Step } from './studies.ts'
import { type Summary, valueOf } from './summary.ts'
import type { Backend } from './tasks.ts'

export interface Point {
  readonly value: number
  /** Events handled per second, those of all subscriptions together. */
  readonly rate: number
}

export interface Line {
  readonly backend: Backend
  readonly points: readonly Point[]
}

/** What was measured of a study, by what was changed, a line for each backend. */
export function linesOfStudy(summaries: readonly Summary[], part: Step['part']): Map<string, Line[]> {
  const found = new Map<string, Line[]>()
  for (const { backend, rows } of summaries) {
    const byWhat = new Map<string, Point[]>()
    for (const row of rows) {
      const [step, rate] = [stepOf(row.task), valueOf(row, 'rate')]
      if (step?.part !== part || rate === undefined) continue
      const each = step.what === 'subscriptions' ? step.value : 1
      byWhat.set(step.what, [...(byWhat.get(step.what) ?? []), { value: step.value, rate: rate * each }])
    }
    for (const [what, points] of byWhat) found.set(what, [...(found.get(what) ?? []), { backend, points }])
  }
  return found
}
