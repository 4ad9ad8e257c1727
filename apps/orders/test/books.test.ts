import { describe, expect, test } from 'vitest'
import { findProblems, type Ledger } from '../src/audit.ts'
import { Books } from '../src/books.ts'
import type { Order } from '../src/events.ts'
import type { Fact, What } from '../src/fact.ts'
import { outOfOrder } from '../src/order-check.ts'

function order(orderId: string, customer: string, cents: number = 100): Order {
  return { orderId, customer, item: 'globe', cents, card: 'ok', mailbox: 'ok' }
}

let now = 0
function fact(what: What, orderId: string, customer: string = 'ada'): Fact {
  const start = { group: 'payment', topic: 'orders', type: 'order.placed', attempt: 1 }
  return { service: 'payment-1', at: ++now, what, orderId, customer, start: what === 'started' ? start : undefined }
}

const cents = (...ids: string[]): Map<string, number> => new Map(ids.map((id) => [id, 100]))

describe('the books', () => {
  const orders = [order('a', 'ada'), order('b', 'ben')]
  const ledger: Ledger = { placed: cents('a', 'b'), paid: cents('a'), cancelled: cents('b') }

  function booksOf(...facts: Fact[]): Books {
    const books = new Books(orders)
    for (const entry of facts) books.enter(entry)
    return books
  }

  const good = [fact('paid', 'a'), fact('cancelled', 'b'), fact('mailed', 'a'), fact('mailed', 'b')]

  test('balance when every order ended once and its customer was told', async () => {
    const books = booksOf(...good)
    await books.complete
    expect(findProblems(books, ledger, false)).toEqual([])
  })

  test('name a lost order', () => {
    const books = booksOf(good[0] as Fact, good[2] as Fact, good[3] as Fact)
    const problems = findProblems(books, { ...ledger, cancelled: new Map() }, false)
    expect(problems).toEqual([
      'b is lost: neither paid nor cancelled',
      '2 orders were placed, 1 paid or cancelled',
      'the books are off by 100 cents',
    ])
  })

  test('name an order that ended twice, one that is not on record, and a customer who was not told', () => {
    const books = booksOf(fact('cancelled', 'a'), ...good.slice(0, 3))
    expect(findProblems(books, ledger, false)).toEqual([
      'a is both paid and cancelled',
      'a is cancelled, but not on record',
      'the customer of b was never told',
    ])
  })
})

describe('the check of order', () => {
  const numbers = new Map([
    ['1', 1],
    ['2', 2],
    ['3', 3],
  ])
  const check = (ids: string, { strict = true, crashed = false } = {}): string[] =>
    outOfOrder(
      ids.split('').map((id) => fact('started', id)),
      (id) => numbers.get(id) ?? 0,
      strict,
      crashed,
    )

  test('accepts orders in turn, retries included', () => {
    expect(check('112233')).toEqual([])
  })

  test('finds a skipped order, unless some may be missing', () => {
    expect(check('13')).toEqual(['payment-1 started 3, number 3 of ada, after number 1'])
    expect(check('13', { strict: false })).toEqual([])
  })

  test('finds an order that was started while a later one was at work, unless a crash explains it', () => {
    expect(check('1213')).toHaveLength(1)
    expect(check('12123', { crashed: true })).toEqual([])
    expect(check('1213', { crashed: true })).toEqual([])
  })

  test('goes by the time of a start, not by when it was heard of', () => {
    const [first, second] = [fact('started', '1'), fact('started', '2')]
    expect(outOfOrder([second, first], (id) => numbers.get(id) ?? 0, true, false)).toEqual([])
  })
})
