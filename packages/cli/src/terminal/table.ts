import type { Colour, Paint } from './paint.ts'
import { shortened, visible } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string | number | undefined
  readonly right?: true
  readonly colour?: (row: Row) => Colour | undefined
}

const gap = '  '
const leastLast = 20

/** Lines as wide as they must be; the last column gives way if the terminal is narrower. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  terminalWidth: number = Number.POSITIVE_INFINITY,
): string[] {
  const cells = rows.map((row) => columns.map(({ of }) => visible(String(of(row) ?? '-'))))
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((line) => length(line[at] ?? ''))))
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0)
  const last = columns.length - 1
  const lastWidth = Math.min(widths[last] ?? 0, Math.max(leastLast, terminalWidth - before))
  const layOut = (text: string, at: number): string => {
    const { right } = columns[at] as Column<Row>
    if (right === true) return ' '.repeat((widths[at] ?? 0) - length(text)) + text
    return at === last ? shortened(text, lastWidth) : text + ' '.repeat((widths[at] ?? 0) - length(text))
  }
  const head = columns.map(({ title }, at) => layOut(title, at)).join(gap)
  const body = rows.map((row, index) =>
    columns
      .map(({ colour }, at) => {
        const text = layOut(cells[index]?.[at] ?? '', at)
        const wanted = colour?.(row)
        return wanted === undefined ? text : paint(wanted, text)
      })
      .join(gap)
      .trimEnd(),
  )
  return [paint('bold', head.trimEnd()), ...body]
}

function length(text: string): number {
  return Array.from(text).length
}
