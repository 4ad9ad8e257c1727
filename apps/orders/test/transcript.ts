const table = /^[A-Z]+(?: {2,}[A-Z]+)+$/

/** What was typed and printed, without what differs from run to run: ids, times, widths of columns, order of rows. */
export function transcriptOf(output: string): string {
  const blocks = output.trim().split('\n\n')
  return blocks.map((block) => settled(block.split('\n'))).join('\n\n')
}

function settled(lines: readonly string[]): string {
  const start = lines.findIndex((line) => table.test(line))
  if (start < 0) return lines.join('\n')
  const [head = '', ...body] = lines.slice(start)
  const rows = [head, ...body.map(withoutVariables).toSorted()].map((line) => line.trim().split(/ {2,}/))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const laidOut = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return [...lines.slice(0, start), ...laidOut.map((line) => line.trimEnd())].join('\n')
}

function withoutVariables(line: string): string {
  return line.replaceAll(/\/[\d.-]{15,}/g, '/<id>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
}
