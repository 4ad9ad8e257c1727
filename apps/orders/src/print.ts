import type { Fact } from './fact.ts'

const silent: ReadonlySet<Fact['what']> = new Set(['started', 'ended'])

/** One aligned line, the service first. What only the books need is not printed. */
export function printFact({ service, what, orderId = '', customer = '', note = '' }: Fact): void {
  if (!silent.has(what)) printLine(service, what, orderId, customer, note)
}

export function printLine(
  service: string,
  what: string,
  orderId: string = '',
  customer: string = '',
  note: string = '',
): void {
  const columns = [service.padEnd(10), what.padEnd(11), orderId.padEnd(6), customer.padEnd(5), note]
  console.log(columns.join(' ').trimEnd())
}

export function printTable(rows: readonly (readonly [string, string | number])[]): void {
  const left = Math.max(...rows.map(([name]) => name.length))
  const right = Math.max(...rows.map(([, value]) => String(value).length))
  console.log()
  for (const [name, value] of rows) console.log(`${name.padEnd(left)}  ${String(value).padStart(right)}`)
}
