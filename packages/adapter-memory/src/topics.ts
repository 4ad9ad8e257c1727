import type { Message } from '@bus/core/spi'
import { DelayedMessages, type DelayedMessage } from './delayed.ts'
import { done } from './delivery.ts'
import type { Group } from './group.ts'
import type { Journal } from './journal.ts'
import { Topic, type TopicLimits } from './topic.ts'

/** What a message was made of, to be settled in the same step as the message is stored. */
export interface Source {
  readonly group: Group
  readonly sequence: number
  settle(): void
}

// A disk that was full may have room again.
const againMs = 1_000

/** All topics, and the messages that will be in one of them when they are due. */
export class Topics {
  /** Where everything is written down before it happens, if anywhere. */
  journal: Journal | undefined
  readonly #limits: TopicLimits
  readonly #topics = new Map<string, Topic>()
  readonly #delayed = new DelayedMessages((due) => this.#deliver(due))
  /** Due, on their way to the disk. */
  readonly #due = new Set<DelayedMessage>()
  #lastOrder = 0

  constructor(limits: TopicLimits) {
    this.#limits = limits
  }

  /** Creates it if there is none. */
  get(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) this.#topics.set(name, (topic = new Topic(name, this.#limits)))
    return topic
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  all(): Iterable<Topic> {
    return this.#topics.values()
  }

  names(): string[] {
    return [...this.#topics.keys()]
  }

  /** All or nothing, with `source` settled or not. @throws PublishBacklogError */
  publish(messages: readonly Message[], source?: Source): Promise<void> {
    const now = Date.now()
    const { journal } = this
    if (journal !== undefined) return this.#record(journal, messages, now, source)
    if (messages.length === 1) this.#append(messages[0] as Message, now)
    else this.#appendBatch(messages, now)
    source?.settle()
    return done
  }

  /** What is not due yet. */
  *delayed(): Iterable<DelayedMessage> {
    yield* this.#delayed.all()
    yield* this.#due
  }

  delay(message: Message, order: number): void {
    this.#lastOrder = Math.max(this.#lastOrder, order)
    this.get(message.topic).delayed++
    this.#delayed.add({ message, order, due: message.notBefore ?? 0 })
  }

  /** The process need not wait for messages that are not due yet. */
  stop(): void {
    this.#delayed.stop()
  }

  #append(message: Message, now: number): void {
    const topic = this.get(message.topic)
    topic.admit(1)
    if (isLater(message, now)) return this.delay(message, ++this.#lastOrder)
    topic.append(message, now)
    topic.wake()
  }

  #appendBatch(messages: readonly Message[], now: number): void {
    const topics = this.#admit(messages)
    for (const message of messages) {
      if (isLater(message, now)) this.delay(message, ++this.#lastOrder)
      else this.get(message.topic).append(message, now)
    }
    for (const topic of topics) topic.wake()
  }

  #admit(messages: readonly Message[]): ReadonlySet<Topic> {
    const topics = new Set<Topic>()
    for (const { topic: name } of messages) {
      const topic = this.get(name)
      topic.incoming = topics.has(topic) ? topic.incoming + 1 : 1
      topics.add(topic)
    }
    for (const topic of topics) topic.admit(topic.incoming)
    return topics
  }

  #record(journal: Journal, messages: readonly Message[], now: number, source: Source | undefined): Promise<void> {
    const topics = this.#admit(messages)
    const orders = messages.map((message) => (isLater(message, now) ? ++this.#lastOrder : undefined))
    const recorded = journal.take({
      messages,
      orders,
      storedAt: now,
      loan: source && { book: source.group.book, sequence: source.sequence },
      happen: () => {
        for (const [index, message] of messages.entries()) {
          const topic = this.get(message.topic)
          topic.pending--
          const order = orders[index]
          if (order === undefined) topic.append(message, now)
          else this.delay(message, order)
        }
        source?.settle()
        for (const topic of topics) topic.wake()
      },
      refused: () => {
        for (const { topic } of messages) this.get(topic).pending--
      },
    })
    for (const { topic } of messages) this.get(topic).pending++
    return recorded
  }

  #deliver(due: readonly DelayedMessage[]): void {
    const now = Date.now()
    const { journal } = this
    if (journal === undefined) return this.#appendDue(due, now)
    for (const one of due) {
      this.#due.add(one)
      const topic = this.get(one.message.topic)
      topic.delayed--
      topic.pending++
    }
    const arrived = (): void => {
      for (const one of due) {
        this.#due.delete(one)
        const topic = this.get(one.message.topic)
        topic.delayed++
        topic.pending--
      }
    }
    const orders = due.map(({ order }) => order)
    journal.takeDue(orders, {
      storedAt: now,
      happen: () => {
        arrived()
        this.#appendDue(due, now)
      },
      refused: () => {
        arrived()
        for (const one of due) this.#delayed.add({ ...one, due: now + againMs })
      },
    })
  }

  #appendDue(due: readonly DelayedMessage[], now: number): void {
    const topics = new Set<Topic>()
    for (const { message } of due) {
      const topic = this.get(message.topic)
      topic.delayed--
      topic.append(message, now)
      topics.add(topic)
    }
    for (const topic of topics) topic.wake()
  }
}

function isLater({ notBefore }: Message, now: number): boolean {
  return notBefore !== undefined && notBefore > now
}
