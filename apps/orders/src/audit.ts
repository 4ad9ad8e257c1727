import type { EventBus } from '@bus/core'
import type { Books, Outcome } from './books.ts'
import type { ShopEvents } from './events.ts'
import { outOfOrder } from './order-check.ts'

/** What the backend itself has on record, each event once. */
export interface Ledger {
  readonly placed: ReadonlyMap<string, number>
  readonly paid: ReadonlyMap<string, number>
  readonly cancelled: ReadonlyMap<string, number>
}

/** Order → cents, read back from the history of the topic. */
export async function readLedger(bus: EventBus<ShopEvents>): Promise<Ledger> {
  const ledger = {
    placed: new Map<string, number>(),
    paid: new Map<string, number>(),
    cancelled: new Map<string, number>(),
  }
  for await (const { type, payload } of bus.history('orders')) {
    const column = type === 'order.placed' ? 'placed' : type === 'order.paid' ? 'paid' : 'cancelled'
    ledger[column].set(payload.orderId, payload.cents)
  }
  return ledger
}

export function sum(column: ReadonlyMap<string, number>): number {
  return [...column.values()].reduce((total, cents) => total + cents, 0)
}

/** Everything that is wrong, one line each; none: all is well. */
export function findProblems(books: Books, ledger: Ledger, crashed: boolean): string[] {
  const problems: string[] = []
  for (const orderId of books.orders.keys()) {
    const said = [...(books.outcomes.get(orderId) ?? [])]
    if (!ledger.placed.has(orderId)) problems.push(`${orderId} was never placed`)
    else if (said.length === 0) problems.push(`${orderId} is lost: neither paid nor cancelled`)
    else if (said.length > 1) problems.push(`${orderId} is both paid and cancelled`)
    for (const outcome of said)
      if (!stored(ledger, outcome, orderId)) problems.push(`${orderId} is ${outcome}, but not on record`)
    if (!books.mails.has(orderId)) problems.push(`the customer of ${orderId} was never told`)
  }
  const ended = ledger.paid.size + ledger.cancelled.size
  if (ledger.placed.size !== ended)
    problems.push(`${ledger.placed.size} orders were placed, ${ended} paid or cancelled`)
  const difference = sum(ledger.placed) - sum(ledger.paid) - sum(ledger.cancelled)
  if (difference !== 0) problems.push(`the books are off by ${difference} cents`)
  return [
    ...problems,
    ...outOfOrder(books.startsOf('payment', 'orders'), books.numberOf, true, crashed),
    ...outOfOrder(books.startsOf('order', 'payments'), books.numberOf, false, crashed),
  ]
}

function stored(ledger: Ledger, outcome: Outcome, orderId: string): boolean {
  return ledger[outcome].has(orderId)
}
