import {
  BackendUnavailableError,
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
  type TopicGroup,
} from '@bus/core/spi'
import { MemoryConsumer } from './consumer.ts'
import { Crew } from './crew.ts'
import { DiskJournal, type DiskOptions } from './disk/disk-journal.ts'
import { memoryIn } from './disk/memory.ts'
import type { Sharing } from './group.ts'
import type { MemoryMessage } from './message.ts'
import { settingsOf, type InMemoryAdapterOptions } from './options.ts'
import { sequenceAfter } from './topic.ts'
import { Topics, type Source } from './topics.ts'

/**
 * Topics in this very process: no server, the same contract. What it holds ends with the process, unless
 * `persistToDisk` keeps it in a directory as well.
 */
export class InMemoryAdapter implements EventBusAdapter {
  readonly specVersion = 1 as const
  readonly name: string = 'memory'
  readonly capabilities: AdapterCapabilities
  readonly #topics: Topics
  readonly #disk: DiskOptions | undefined
  readonly #consumers = new Set<MemoryConsumer>()
  #opening: Promise<void> | undefined
  #journal: DiskJournal | undefined
  #closing: Promise<void> | undefined

  /** @throws ConfigInvalidError for options that cannot work. */
  constructor(options: InMemoryAdapterOptions = {}) {
    const { limits, disk } = settingsOf(options)
    this.#topics = new Topics(limits)
    this.#disk = disk
    this.capabilities = Object.freeze({
      durable: disk !== undefined,
      shared: false,
      delays: true,
      countsRedeliveries: 'none',
    })
  }

  async durability(): Promise<Durability> {
    if (this.#disk !== undefined) return this.#opened().durability()
    return { summary: 'Events live as long as this process.', settings: {}, warnings: [] }
  }

  async initialize(): Promise<void> {
    if (this.#closing !== undefined) throw new ClosedError('The in-memory adapter')
    if (this.#disk === undefined || this.#journal !== undefined) return
    await (this.#opening ??= this.#open(this.#disk).finally(() => (this.#opening = undefined)))
  }

  // Not async: whoever waits for a message is answered before this returns.
  publish(messages: readonly Message[]): Promise<void> {
    return this.#publish(messages)
  }

  async consume({ topics, group: name }: ConsumeOptions): Promise<Consumer> {
    this.#assertOpen()
    let sharing: Sharing | undefined
    const groups = topics.map(({ topic: topicName, startFrom }) => {
      const topic = this.#topics.get(topicName)
      const group =
        topic.group(name) ??
        topic.createGroup(name, { sharing: sharing ?? new Crew(), startFrom, journal: this.#journal })
      sharing ??= group.sharing
      return group
    })
    const consumer = new MemoryConsumer(groups, {
      publish: (copies, source) => this.#publish(copies, source),
      flush: () => this.#journal?.flush(),
      closed: () => {
        this.#consumers.delete(consumer)
        if (name === undefined) for (const group of groups) this.#topics.get(group.topic).deleteGroup(group)
      },
    })
    this.#consumers.add(consumer)
    if (name !== undefined && this.#journal !== undefined) {
      try {
        // A group outlives its members from its beginning.
        await this.#journal.flush()
      } catch (error) {
        await consumer.close().catch(() => undefined)
        throw error
      }
    }
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

  async listGroups(topic?: string): Promise<readonly TopicGroup[]> {
    this.#assertOpen()
    const only = topic === undefined ? undefined : this.#topics.find(topic)
    const topics = topic === undefined ? [...this.#topics.all()] : only === undefined ? [] : [only]
    return topics.flatMap(({ name, groupNames }) => groupNames.map((group) => ({ topic: name, group })))
  }

  async inspect(topic: string, group: string): Promise<GroupState | undefined> {
    this.#assertOpen()
    const found = this.#topics.find(topic)
    const state = found?.group(group)?.state(Date.now())
    return state && { ...state, delayed: found?.delayed }
  }

  async deleteGroup(topicName: string, name: string): Promise<void> {
    this.#assertOpen()
    const topic = this.#topics.find(topicName)
    const group = topic?.group(name)
    if (group === undefined) return
    if (group.sharing.members.length > 0) throw new GroupInUseError(topicName, name)
    topic?.deleteGroup(group)
    await this.#journal?.flush()
  }

  async ping(): Promise<void> {
    this.#assertOpen()
    await this.#journal?.ping()
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  unsettled(): number {
    let count = 0
    for (const { groups, pending } of this.#topics.all()) {
      for (const { sharing, unsettled } of groups) if (sharing.members.length > 0) count += unsettled + pending
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
    for (const { name, log } of this.#topics.all()) {
      if (topic !== undefined && topic !== name) continue
      log.clear()
      this.#journal?.cleared(name, log.earliest)
    }
  }

  #publish(messages: readonly Message[], source?: Source): Promise<void> {
    try {
      this.#assertOpen()
      return this.#topics.publish(messages, source)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #open(disk: DiskOptions): Promise<void> {
    this.#journal = await DiskJournal.open(disk, memoryIn(this.#topics))
  }

  async #close(): Promise<void> {
    this.#topics.stop()
    if (this.#opening !== undefined) await this.#opening.catch(() => undefined)
    const consumers = [...this.#consumers].map((consumer) => consumer.close())
    await Promise.allSettled(consumers)
    await this.#journal?.close()
    await Promise.all(consumers)
  }

  #opened(): DiskJournal {
    if (this.#journal !== undefined) return this.#journal
    const directory = JSON.stringify(this.#disk?.directory)
    throw new BackendUnavailableError(`Nothing was read from ${directory} yet: await initialize() first.`)
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
    if (this.#closing !== undefined) throw new ClosedError('The in-memory adapter')
    if (this.#disk !== undefined) this.#opened()
  }
}
