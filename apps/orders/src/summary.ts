import type { Books } from './books.ts'
import type { DeadLetter } from './fact.ts'

/** What must be the same on every backend: no times, no names of this run, everything in a fixed order. */
export interface Summary {
  /** Order → how it ended. */
  readonly outcomes: Readonly<Record<string, string>>
  readonly mails: Readonly<Record<string, string>>
  /** `<group> <topic> <type>` → order → numbers of the starts of its handler. */
  readonly attempts: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
  readonly deadLetters: readonly DeadLetter[]
  readonly problems: readonly string[]
}

export function summarize(books: Books, problems: readonly string[]): Summary {
  return {
    outcomes: joined(books.outcomes),
    mails: joined(books.mails),
    attempts: attemptsOf(books),
    deadLetters: books.deadLetters.toSorted((a, b) => compare(`${a.topic} ${a.orderId}`, `${b.topic} ${b.orderId}`)),
    problems,
  }
}

/** A start that was repeated after a crash has the number it had before, and counts once. */
function attemptsOf({ starts }: Books): Summary['attempts'] {
  const numbers = new Map<string, Map<string, Set<number>>>()
  for (const { start, orderId = '' } of starts) {
    if (start === undefined) continue
    const name = `${start.group} ${start.topic} ${start.type}`
    const orders = numbers.get(name) ?? new Map<string, Set<number>>()
    numbers.set(name, orders)
    orders.set(orderId, (orders.get(orderId) ?? new Set()).add(start.attempt))
  }
  const perOrder = (orders: ReadonlyMap<string, ReadonlySet<number>>): Record<string, number[]> =>
    sorted(orders, (attempts) => [...attempts].toSorted((a, b) => a - b))
  return sorted(numbers, perOrder)
}

function joined(map: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string> {
  return sorted(map, (values) => [...values].toSorted(compare).join(' and '))
}

function sorted<Value, Result>(
  map: ReadonlyMap<string, Value>,
  result: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(
    [...map].toSorted(([a], [b]) => compare(a, b)).map(([name, value]) => [name, result(value)]),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
