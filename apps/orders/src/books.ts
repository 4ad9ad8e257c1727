import type { Order } from './events.ts'
import type { DeadLetter, Fact } from './fact.ts'

export type Outcome = 'paid' | 'cancelled'
export type Mail = 'mailed' | 'undeliverable'

/** What the services say became of the orders. */
export class Books {
  readonly orders: ReadonlyMap<string, Order>
  readonly outcomes: Map<string, Set<Outcome>> = new Map()
  readonly mails: Map<string, Set<Mail>> = new Map()
  readonly deadLetters: DeadLetter[] = []
  /** Starts of handlers, in the order of their time. */
  readonly starts: Fact[] = []
  readonly failures: Fact[] = []
  /** Resolves when every order has ended and its customer was told, or could not be. */
  readonly complete: Promise<void>
  readonly #numbers = new Map<string, number>()
  readonly #completed = Promise.withResolvers<void>()
  #running = 0

  constructor(orders: readonly Order[]) {
    this.orders = new Map(orders.map((order) => [order.orderId, order]))
    const placed = new Map<string, number>()
    for (const { orderId, customer } of orders) {
      const number = (placed.get(customer) ?? 0) + 1
      placed.set(customer, number)
      this.#numbers.set(orderId, number)
    }
    this.complete = this.#completed.promise
  }

  /** Starts that neither returned nor threw: their process was killed. */
  get interrupted(): number {
    return this.#running
  }

  /** The how many-th order of its customer it is. */
  readonly numberOf = (orderId: string): number => this.#numbers.get(orderId) ?? 0

  enter(fact: Fact): void {
    const { what, orderId = '' } = fact
    if (what === 'started') this.#begin(fact)
    else if (what === 'ended' || what === 'failed') this.#end(fact)
    else if (what === 'paid' || what === 'cancelled') add(this.outcomes, orderId, what)
    else if (what === 'mailed') add(this.mails, orderId, what)
    else if (what === 'dead') this.#bury(fact)
    if (this.outcomes.size === this.orders.size && this.mails.size === this.orders.size) this.#completed.resolve()
  }

  /** Of one consumer group on one topic. */
  startsOf(group: string, topic: string): Fact[] {
    return this.starts.filter(({ start }) => start?.group === group && start.topic === topic)
  }

  #begin(fact: Fact): void {
    this.#running++
    this.starts.push(fact)
  }

  #end(fact: Fact): void {
    this.#running--
    if (fact.what === 'failed') this.failures.push(fact)
  }

  #bury({ deadLetter, orderId = '' }: Fact): void {
    if (deadLetter === undefined) return
    const known = this.deadLetters.some(({ topic, orderId: id }) => topic === deadLetter.topic && id === orderId)
    // At least once: the same dead letter may be seen again.
    if (!known) this.deadLetters.push(deadLetter)
    if (deadLetter.topic === 'orders.mail.dlq') add(this.mails, orderId, 'undeliverable')
  }
}

function add<Value>(map: Map<string, Set<Value>>, orderId: string, value: Value): void {
  const values = map.get(orderId) ?? new Set()
  map.set(orderId, values.add(value))
}
