import type { Group } from '../model/group.ts'
import type { Stored } from '../model/stored.ts'
import type { Scene } from '../run/scene.ts'
import type { Attempt } from './attempt.ts'
import type { Fact } from './fact.ts'

interface Book {
  /** Events of each key in the order in which they were published. */
  readonly lines: Map<string, Fact[]>
  readonly started: Set<Fact>
  /** Handled, dead-lettered or given up. */
  readonly concluded: Set<Fact>
  readonly running: Map<string, Attempt>
}

/** Per group: one event of a key at a time, and first deliveries of a key as they were published. */
export class Order {
  readonly #scene: Scene
  readonly #books = new WeakMap<Group, Book>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  begins(group: Group, stored: Stored): void {
    const { fact } = stored
    if (fact.key === undefined || fact.delayed || fact.first !== stored || stored.topic !== group.topics[0]) return
    const { lines } = this.#book(group)
    const line = lines.get(fact.key)
    if (line === undefined) lines.set(fact.key, [fact])
    else line.push(fact)
  }

  starts(attempt: Attempt): void {
    const { fact, loan } = attempt
    if (fact.key === undefined) return
    if (!loan.open) {
      attempt.stray = true
      return
    }
    const book = this.#book(loan.item.group)
    this.#alone(attempt, book, fact.key)
    this.#inLine(attempt, book, fact.key)
    book.running.set(fact.key, attempt)
    book.started.add(fact)
  }

  ends(attempt: Attempt): void {
    const { fact, loan } = attempt
    if (fact.key === undefined) return
    const { running } = this.#book(loan.item.group)
    if (running.get(fact.key) === attempt) running.delete(fact.key)
  }

  concluded(group: Group, fact: Fact): void {
    this.#book(group).concluded.add(fact)
  }

  isConcluded(group: Group, fact: Fact): boolean {
    return this.#book(group).concluded.has(fact)
  }

  #alone({ fact, subscription, loan }: Attempt, { running }: Book, key: string): void {
    const other = running.get(key)
    if (other === undefined || other.stray || this.#overdue(other)) return
    this.#scene.fail(
      'no two events of a key run at once',
      `${subscription.name} starts ${fact.id} (key ${key}) while ${other.subscription.name} runs ${other.fact.id} in ${loan.item.group.name}`,
    )
  }

  #inLine({ fact, subscription, loan }: Attempt, { lines, started, concluded }: Book, key: string): void {
    if (started.has(fact) || fact.delayed || fact.first !== loan.item.stored) return
    const { ordered } = subscription.policy
    for (const earlier of lines.get(key) ?? []) {
      if (earlier === fact) return
      if (concluded.has(earlier) || (!ordered && started.has(earlier))) continue
      this.#scene.fail(
        'events of a key are delivered in the order of publishing',
        `${subscription.name} starts ${fact.id} (key ${key}) before ${earlier.id} is ${ordered ? 'settled' : 'started'}`,
      )
    }
  }

  /** It had all the time that it is given to end. */
  #overdue({ subscription, startedAt }: Attempt): boolean {
    const { timeoutMs } = subscription.policy
    return timeoutMs !== undefined && this.#scene.agenda.now >= startedAt + timeoutMs * 2
  }

  #book(group: Group): Book {
    let book = this.#books.get(group)
    if (book === undefined) {
      this.#books.set(
        group,
        (book = { lines: new Map(), started: new Set(), concluded: new Set(), running: new Map() }),
      )
    }
    return book
  }
}
