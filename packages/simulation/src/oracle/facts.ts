import type { Message, StoredMessage } from '@bus/core/spi'
import type { Loan } from '../model/loan.ts'
import type { Stored } from '../model/stored.ts'
import type { Scene } from '../run/scene.ts'
import type { Fact } from './fact.ts'
import type { Progress } from './progress.ts'

/** What a copy was made of: the core's own class says so. */
interface Copy extends Message {
  readonly source: StoredMessage
}

export function isCopy(message: Message): message is Copy {
  return 'source' in message
}

const idPattern = /"id":"([^"]+)"/

/** Tells which event a message is. */
export class Facts {
  readonly all: Map<string, Fact> = new Map()
  readonly #scene: Scene
  readonly #garbage = new Map<unknown, Fact>()
  readonly #loans = new WeakMap<StoredMessage, Loan>()
  /** Where a copy stands, as it has to be. */
  readonly #progress = new WeakMap<Message, Progress>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  declare(fact: Fact): void {
    this.all.set(fact.id, fact)
  }

  declareGarbage(fact: Fact, body: Uint8Array): void {
    this.declare(fact)
    this.#garbage.set(body, fact)
  }

  lent(loan: Loan): void {
    this.#loans.set(loan.message, loan)
  }

  /** The loan that a copy is made of. */
  loanOf(message: Message): Loan | undefined {
    return isCopy(message) ? this.#loans.get(message.source) : undefined
  }

  expect(copy: Message, progress: Progress): void {
    this.#progress.set(copy, progress)
  }

  recognizes(message: Message): {
    readonly fact: Fact
    readonly progress: Progress | undefined
    readonly body: Uint8Array
  } {
    const { body: raw } = message
    const body = typeof raw === 'string' ? Buffer.from(raw) : raw
    const fact = this.loanOf(message)?.item.stored.fact ?? this.#garbage.get(raw) ?? this.#named(raw)
    return { fact, progress: this.#progress.get(message), body }
  }

  stored(stored: Stored): void {
    const { fact, topic } = stored
    if (topic === fact.topic) fact.first ??= stored
  }

  #named(body: string | Uint8Array): Fact {
    const id = idPattern.exec(typeof body === 'string' ? body : Buffer.from(body).toString())?.[1]
    const fact = this.all.get(id ?? '')
    if (fact !== undefined) return fact
    this.#scene.fail('what is stored was published', `nobody published ${id ?? 'these bytes'}`)
    return {
      id: id ?? '?',
      number: 0,
      topic: '',
      type: '',
      key: undefined,
      delayed: false,
      flaw: 'unreadable',
      cause: undefined,
      stores: 0,
      first: undefined,
    }
  }
}
