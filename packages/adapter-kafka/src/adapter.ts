import {
  type AdapterCapabilities,
  ClosedError,
  GroupInUseError,
  untilAborted,
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
import type { Common } from './common.ts'
import { GroupConsumer } from './consume/group-consumer.ts'
import { SoloConsumer } from './consume/solo-consumer.ts'
import { Movers } from './delays/movers.ts'
import type { Link } from './driver/driver.ts'
import { codeOf } from './driver/driver-error.ts'
import { kafkajsDriver } from './driver/kafkajs/index.ts'
import { unavailable } from './errors.ts'
import { inspectGroup } from './groups/inspect.ts'
import { listGroups } from './groups/list.ts'
import { readTopic } from './history/read.ts'
import { Names } from './names.ts'
import type { KafkaAdapterOptions } from './options.ts'
import { persist, within } from './pause.ts'
import { Publisher } from './publish/publisher.ts'
import { type Settings, settingsFrom } from './settings.ts'
import { durabilityOf } from './topics/durability.ts'
import { Topics } from './topics/topics.ts'

/** How old an answer about durability may be. */
const durabilityMs = 10_000

/** Events on Apache Kafka 3.x and 4.x. The constructor connects to nothing; `initialize()` does. */
export class KafkaAdapter implements EventBusAdapter {
  readonly specVersion = 1
  readonly name = 'kafka'
  readonly capabilities: AdapterCapabilities = {
    durable: true,
    shared: true,
    delays: true,
    countsRedeliveries: 'oldest',
  }
  readonly #settings: Settings
  readonly #link: Link
  readonly #common: Common
  readonly #publisher: Publisher
  readonly #movers: Movers
  readonly #consumers = new Set<GroupConsumer | SoloConsumer>()
  #initializing: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #durability: { readonly at: number; readonly answer: Promise<Durability> } | undefined

  /** @throws ConfigInvalidError with everything that is wrong with `options`. */
  constructor(options: KafkaAdapterOptions) {
    const settings = (this.#settings = settingsFrom(options))
    const driver = kafkajsDriver(settings)
    const link = (this.#link = driver.open())
    const names = new Names(settings.prefix)
    const topics = new Topics(link, names, settings)
    const putOff = (topic: string): void => this.#movers.published(topic)
    const publisher = (this.#publisher = new Publisher(driver, topics, names, settings, putOff))
    const publish = (messages: readonly Message[]): Promise<void> => publisher.publish(messages)
    this.#common = { driver, link, topics, names, settings, publish }
    this.#movers = new Movers(this.#common)
  }

  initialize(signal?: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed())
    return (this.#initializing ??= this.#connect(signal).catch((error: unknown) => {
      this.#initializing = undefined
      throw error
    }))
  }

  publish(messages: readonly Message[]): Promise<void> {
    return this.#publisher.publish(messages)
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    if (this.#closing !== undefined) throw closed()
    const { group, topics } = options
    const [main, second] = topics
    if (main === undefined) throw new TypeError('consume() needs a topic.')
    const onClose = (gone: GroupConsumer | SoloConsumer): void => {
      this.#consumers.delete(gone)
      this.#movers.gone(main.topic)
    }
    const consumer =
      group === undefined
        ? new SoloConsumer(this.#common, options, onClose)
        : new GroupConsumer(
            this.#common,
            options,
            { group: this.#common.names.group(group, main.topic), tail: second?.topic, marks: true },
            onClose,
          )
    this.#consumers.add(consumer)
    this.#movers.opened(main.topic)
    try {
      await consumer.start()
    } catch (error) {
      await consumer.close()
      throw this.#problem(`Consuming "${main.topic}"`, error)
    }
    return consumer
  }

  async *read(range: ReadRange): AsyncGenerator<StoredMessage> {
    if (this.#closing !== undefined) throw closed()
    try {
      yield* readTopic(this.#common, range)
    } catch (error) {
      throw this.#problem(`Reading "${range.topic}"`, error)
    }
  }

  async listTopics(): Promise<readonly string[]> {
    if (this.#closing !== undefined) throw closed()
    return this.#common.topics.list().catch((error: unknown) => {
      throw this.#problem('Listing topics', error)
    })
  }

  async listGroups(topic?: string): Promise<readonly TopicGroup[]> {
    if (this.#closing !== undefined) throw closed()
    return listGroups(this.#common, topic).catch((error: unknown) => {
      throw this.#problem('Listing groups', error)
    })
  }

  async inspect(topic: string, group: string): Promise<GroupState | undefined> {
    if (this.#closing !== undefined) throw closed()
    const members = [...this.#consumers].filter((consumer) => consumer instanceof GroupConsumer)
    return inspectGroup(this.#common, members, topic, group).catch((error: unknown) => {
      throw this.#problem(`Inspecting the group "${group}" on "${topic}"`, error)
    })
  }

  async deleteGroup(topic: string, group: string): Promise<void> {
    if (this.#closing !== undefined) throw closed()
    const name = this.#common.names.group(group, topic)
    try {
      await persist(async () => this.#link.deleteGroup(await this.#link.coordinator(name), name))
    } catch (error) {
      if (codeOf(error) === 'NON_EMPTY_GROUP') throw new GroupInUseError(topic, group, { cause: error })
      throw this.#problem(`Deleting the group "${group}" on "${topic}"`, error)
    }
  }

  async durability(signal?: AbortSignal, topics?: readonly string[]): Promise<Durability> {
    if (this.#closing !== undefined) throw closed()
    const answer = topics === undefined ? this.#durabilityInUse() : durabilityOf(this.#common, topics)
    try {
      return await untilAborted(signal, answer)
    } catch (error) {
      throw this.#problem('Asking for settings', error)
    }
  }

  async ping(signal?: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) throw closed()
    signal?.throwIfAborted()
    try {
      await untilAborted(signal, this.#link.ping())
    } catch (error) {
      throw this.#problem('Ping', error)
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #connect(signal: AbortSignal | undefined): Promise<void> {
    const { connectionTimeout, brokers } = this.#settings
    const late = (): Error => new Error(`no connection within ${connectionTimeout} ms`)
    try {
      signal?.throwIfAborted()
      const connecting = Promise.all([this.#link.connect(), this.#publisher.connect()])
      await untilAborted(signal, within(connecting, connectionTimeout, late))
    } catch (error) {
      throw unavailable('Connecting', brokers, error)
    }
  }

  #durabilityInUse(): Promise<Durability> {
    const now = performance.now()
    if (this.#durability === undefined || now - this.#durability.at > durabilityMs) {
      this.#durability = { at: now, answer: durabilityOf(this.#common) }
      this.#durability.answer.catch(() => (this.#durability = undefined))
    }
    return this.#durability.answer
  }

  #problem(what: string, error: unknown): Error {
    return this.#closing === undefined ? unavailable(what, this.#settings.brokers, error) : closed()
  }

  async #close(): Promise<void> {
    const consumers = [...this.#consumers].map((consumer) => consumer.close())
    await Promise.all([...consumers, this.#movers.close(), this.#publisher.close()])
    this.#link.close()
  }
}

function closed(): ClosedError {
  return new ClosedError('The Kafka adapter')
}
