import {
  ClosedError,
  decodeEvent,
  GroupInUseError,
  type AdapterCapabilities,
  type BaseEvent,
  type Consumer,
  type ConsumeOptions,
  type Durability,
  type EventBusAdapter,
  type GroupState,
  type Message,
  type ReadRange,
  type StoredMessage,
} from '@bus/core/spi'
import { MemoryConsumer } from './consumer.ts'
import { Crew } from './crew.ts'
import { done } from './delivery.ts'
import type { Sharing } from './group.ts'
import type { MemoryMessage } from './message.ts'
import { limitsOf, type InMemoryAdapterOptions } from './options.ts'
import { sequenceAfter } from './topic.ts'
import { Topics } from './topics.ts'

const capabilities: AdapterCapabilities = Object.freeze({
  durable: false,
  shared: false,
  delays: true,
  countsRedeliveries: 'none',
})

/** Topics in this very process: no server, the same contract. What it holds ends with the process. */
export class InMemoryAdapter implements EventBusAdapter {
  readonly specVersion = 1 as const
  readonly name: string = 'memory'
  readonly capabilities: AdapterCapabilities = capabilities
  readonly #topics: Topics
  readonly #consumers = new Set<MemoryConsumer>()
  #closed = false

  /** @throws ConfigInvalidError for options that cannot work. */
  constructor(options: InMemoryAdapterOptions = {}) {
    this.#topics = new Topics(limitsOf(options))
  }

  async durability(): Promise<Durability> {
    return { summary: 'Events live as long as this process.', settings: {}, warnings: [] }
  }

  initialize(): Promise<void> {
    return this.ping()
  }

  // Not async: whoever waits for a message is answered before this returns.
  publish(messages: readonly Message[]): Promise<void> {
    try {
      this.#assertOpen()
      this.#topics.publish(messages)
      return done
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async consume({ topics, group: name }: ConsumeOptions): Promise<Consumer> {
    this.#assertOpen()
    let sharing: Sharing | undefined
    const groups = topics.map(({ topic: topicName, startFrom }) => {
      const topic = this.#topics.get(topicName)
      const group = topic.group(name) ?? topic.createGroup(name, sharing ?? new Crew(), startFrom)
      sharing ??= group.sharing
      return group
    })
    const consumer = new MemoryConsumer(groups, {
      publish: (copies) => this.publish(copies),
      closed: () => {
        this.#consumers.delete(consumer)
        if (name === undefined) for (const group of groups) this.#topics.get(group.topic).deleteGroup(group)
      },
    })
    this.#consumers.add(consumer)
    return consumer
  }

  read(range: ReadRange): AsyncIterable<StoredMessage> {
    // The slice is taken here, not when iteration starts.
    try {
      this.#assertOpen()
      return this.#iterate(this.#slice(range))
    } catch (error) {
      return this.#iterate([], error)
    }
  }

  async listTopics(): Promise<readonly string[]> {
    this.#assertOpen()
    return this.#topics.names()
  }

  async inspect(topic: string, group: string): Promise<GroupState | undefined> {
    this.#assertOpen()
    return this.#topics.find(topic)?.group(group)?.state(Date.now())
  }

  async deleteGroup(topicName: string, name: string): Promise<void> {
    this.#assertOpen()
    const topic = this.#topics.find(topicName)
    const group = topic?.group(name)
    if (group === undefined) return
    if (group.sharing.members.length > 0) throw new GroupInUseError(topicName, name)
    topic?.deleteGroup(group)
  }

  async ping(): Promise<void> {
    this.#assertOpen()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#topics.dropDelayed()
    for (const consumer of this.#consumers) await consumer.close()
  }

  unsettled(): number {
    let count = 0
    for (const { groups } of this.#topics.all()) {
      for (const { sharing, unsettled } of groups) if (sharing.members.length > 0) count += unsettled
    }
    return count
  }

  /**
   * The events in the topic's history, oldest first; also after {@link close}.
   * @throws MessageUnreadableError if there is something that is not an event, published past the bus.
   */
  getHistory(topic: string): BaseEvent[] {
    return this.#topics.find(topic)?.log.history().map(decodeEvent) ?? []
  }

  /** Empties the history of one topic, or of all. What a consumer group has not handled yet is still delivered. */
  clearHistory(topic?: string): void {
    for (const { name, log } of this.#topics.all()) if (topic === undefined || topic === name) log.clear()
  }

  #slice({ topic, after, since, until, limit }: ReadRange): MemoryMessage[] {
    const first = after === undefined ? 0 : sequenceAfter(after, 'after')
    const history = this.#topics.find(topic)?.log.history() ?? []
    return history
      .filter(
        ({ sequence, storedAt }) =>
          sequence >= first && (since === undefined || storedAt >= since) && (until === undefined || storedAt < until),
      )
      .slice(0, limit)
  }

  async *#iterate(messages: readonly MemoryMessage[], failure?: unknown): AsyncGenerator<StoredMessage> {
    if (failure !== undefined) throw failure
    for (const message of messages) {
      this.#assertOpen()
      yield message
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError('The in-memory adapter')
  }
}
