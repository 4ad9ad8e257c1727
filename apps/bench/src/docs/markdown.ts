import { isNumber } from '../report.ts'

/** A table as the formatter would write it; columns of numbers stand to the right. */
export function markdownTable(lines: readonly (readonly string[])[]): string {
  const [head = [], ...rows] = lines
  const isRight = head.map(
    (_, column) => rows.some((row) => row[column]) && rows.every((row) => isNumeric(row[column])),
  )
  const widths = head.map((_, column) => Math.max(3, ...lines.map((row) => (row[column] ?? '').length)))
  const rowOf = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => padded(cells[column] ?? '', width, isRight[column] === true)).join(' | ')} |`
  const rule = widths.map((width, column) => (isRight[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [rowOf(head), `| ${rule.join(' | ')} |`, ...rows.map(rowOf)].join('\n')
}

function isNumeric(cell: string | undefined): boolean {
  return isNumber((cell ?? '').replace(/^[≥≤] /, '').replace(/ [×%]$/, ''))
}

function padded(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width)
}
