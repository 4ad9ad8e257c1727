import type { Message } from '@bus/core/spi'
import { DelayedMessages } from './delayed.ts'
import { Topic, type TopicLimits } from './topic.ts'

/** All topics, and the messages that will be in one of them when they are due. */
export class Topics {
  readonly #limits: TopicLimits
  readonly #topics = new Map<string, Topic>()
  readonly #delayed = new DelayedMessages((due) => this.#appendDue(due))

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

  /** All or nothing. @throws PublishBacklogError */
  publish(messages: readonly Message[]): void {
    if (messages.length === 1) this.#append(messages[0] as Message)
    else this.#appendBatch(messages)
  }

  /** Messages that are not due yet are lost, and the process need not wait for them. */
  dropDelayed(): void {
    this.#delayed.clear()
  }

  #append(message: Message): void {
    const now = Date.now()
    const topic = this.get(message.topic)
    topic.admit(1)
    if (this.#isDelayed(message, topic, now)) return
    topic.append(message, now)
    topic.wake()
  }

  #appendBatch(messages: readonly Message[]): void {
    const now = Date.now()
    const topics = new Set<Topic>()
    for (const { topic: name } of messages) {
      const topic = this.get(name)
      topic.incoming = topics.has(topic) ? topic.incoming + 1 : 1
      topics.add(topic)
    }
    for (const topic of topics) topic.admit(topic.incoming)
    for (const message of messages) {
      const topic = this.get(message.topic)
      if (!this.#isDelayed(message, topic, now)) topic.append(message, now)
    }
    for (const topic of topics) topic.wake()
  }

  #isDelayed(message: Message, topic: Topic, now: number): boolean {
    const { notBefore } = message
    if (notBefore === undefined || notBefore <= now) return false
    topic.delayed++
    this.#delayed.add(message, notBefore)
    return true
  }

  #appendDue(due: readonly Message[]): void {
    const now = Date.now()
    const topics = new Set<Topic>()
    for (const message of due) {
      const topic = this.get(message.topic)
      topic.delayed--
      topic.append(message, now)
      topics.add(topic)
    }
    for (const topic of topics) topic.wake()
  }
}
