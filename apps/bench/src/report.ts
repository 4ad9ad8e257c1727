import type { Measurement } from './measurement.ts'

export interface Row {
  readonly suite: string
  readonly what: string
  readonly candidate: string
  readonly measurements: readonly Measurement[]
}

/** Medians, and each candidate as a multiple of the first one of its kind. */
export function table(rows: readonly Row[]): string {
  const lines = [['suite', 'measured', 'candidate', 'events/s', 'ratio', 'CPU µs/event']]
  for (const row of rows) {
    const base = rows.find(({ suite, what }) => suite === row.suite && what === row.what) as Row
    const rate = median(row.measurements.map(rateOf))
    lines.push([
      row.suite,
      row.what,
      row.candidate,
      Math.round(rate).toLocaleString('en'),
      (rate / median(base.measurements.map(rateOf))).toFixed(2),
      median(row.measurements.map(({ cpuMicros, events }) => cpuMicros / events)).toFixed(1),
    ])
  }
  const widths = (lines[0] as string[]).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] as string).length)),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] as number, column >= 3))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function rateOf({ events, elapsedMs }: Measurement): number {
  return events / (elapsedMs / 1000)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width)
}
