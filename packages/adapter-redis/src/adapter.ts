import {
  ClosedError,
  untilAborted,
  type AdapterCapabilities,
  type Consumer,
  type ConsumeOptions,
  type Durability,
  type EventBusAdapter,
  type GroupState,
  type LossListener,
  type Message,
  type ReadRange,
  type StoredMessage,
  type TopicGroup,
} from '@bus/core/spi'
import type { ConsumerHost } from './consume/consumer-host.ts'
import { FanOutConsumer } from './consume/fan-out-consumer.ts'
import { GroupConsumer } from './consume/group-consumer.ts'
import { Cluster } from './link/cluster.ts'
import { durabilityOf } from './link/durability.ts'
import { OneServer } from './link/one-server.ts'
import { checkServer } from './link/server.ts'
import type { Servers } from './link/servers.ts'
import { waits } from './link/wait.ts'
import type { RedisAdapterOptions } from './options.ts'
import { Publisher } from './publish/publisher.ts'
import { settingsOf, type Settings } from './settings.ts'
import { Catalog } from './topics/catalog.ts'
import { deleteGroup, groupsOf, inspectGroup } from './topics/groups.ts'
import { readHistory } from './topics/history.ts'
import { Keyspace } from './topics/keys.ts'
import { Listing } from './topics/listing.ts'
import { Janitor } from './upkeep/janitor.ts'
import { Mover } from './upkeep/mover.ts'
import { Rounds } from './upkeep/rounds.ts'

const capabilities: AdapterCapabilities = Object.freeze({
  durable: true,
  shared: true,
  delays: true,
  countsRedeliveries: 'each',
})

// Settings of a server change seldom, and health is asked for often.
const durabilityMs = 10_000
const closeLimitMs = 5_000
const visitEveryMs = 60_000
const warnEveryMs = 1_000

interface Subscription {
  readonly topics: readonly string[]
  stop(): void
}

/** Topics on a Redis server: streams that outlive the processes, shared by all that use the same prefix. */
export class RedisAdapter implements EventBusAdapter {
  readonly specVersion: 1 = 1
  readonly name: string = 'redis'
  readonly capabilities: AdapterCapabilities = capabilities
  readonly #settings: Settings
  readonly #servers: Servers
  readonly #publishing: Servers
  readonly #catalog: Catalog
  readonly #listing: Listing
  readonly #host: ConsumerHost
  readonly #publisher: Publisher
  readonly #mover: Mover
  readonly #janitor: Janitor
  readonly #consumers = new Map<Consumer, Subscription>()
  readonly #warned = new Map<string, number>()
  readonly #lossListeners = new Set<LossListener>()
  #durability: { readonly at: number; readonly answer: Promise<Durability> } | undefined
  #visits: NodeJS.Timeout | undefined
  #initialized: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** @throws ConfigInvalidError for options that cannot work. */
  constructor(options: RedisAdapterOptions = {}) {
    const settings = settingsOf(options)
    const warn = (message: string): void => this.#warn(message)
    const servers = serversOf(settings, warn)
    // Whoever waits for replicas or disks keeps everything behind it on its connection waiting.
    const publishing = waits(settings.wait) ? serversOf(settings, warn) : servers
    const catalog = new Catalog(servers, new Keyspace(settings.prefix), settings.partitions)
    const rounds = new Rounds(settings.leaseMs / 3)
    const common = { settings, servers, catalog, rounds, warn }
    this.#settings = settings
    this.#servers = servers
    this.#publishing = publishing
    this.#catalog = catalog
    this.#listing = new Listing(catalog, () => this.#consumed())
    this.#mover = new Mover(common)
    this.#janitor = new Janitor({
      ...common,
      lost: (topic, events) => this.#lossListeners.forEach((listener) => listener(topic, events)),
    })
    const delayed = (topic: string, nextMs: number): void => this.#mover.expect(topic, nextMs)
    const stored = (topic: string, events: number): void => {
      this.#janitor.touch(topic, events)
      this.#listing.used(topic)
    }
    this.#publisher = new Publisher({ ...common, publishing, delayed, stored })
    this.#host = {
      ...common,
      delayed,
      stored,
      publish: (messages) => this.publish(messages),
      closed: (consumer) => this.#forget(consumer),
    }
  }

  initialize(signal?: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed())
    this.#initialized ??= this.#connect(signal).catch((error: unknown) => {
      this.#initialized = undefined
      throw error
    })
    return this.#initialized
  }

  publish(messages: readonly Message[]): Promise<void> {
    return this.#publisher.publish(messages)
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    this.#assertOpen()
    const { group, topics } = options
    const consumer = await this.#catalog
      .linkTo(topics[0]?.topic ?? '')
      .patiently<Consumer>(() =>
        group === undefined ? FanOutConsumer.open(this.#host, options) : GroupConsumer.join(this.#host, options, group),
      )
    const names = topics.map(({ topic }) => topic)
    const stops = names.map((topic) => this.#mover.use(topic))
    this.#consumers.set(consumer, { topics: names, stop: () => stops.forEach((stop) => stop()) })
    if (this.#closing !== undefined) {
      await consumer.close()
      throw closed()
    }
    return consumer
  }

  read(range: ReadRange): AsyncIterable<StoredMessage> {
    return readHistory(this.#catalog, range, this.#settings.retention.keptMaxAgeMs)
  }

  async listTopics(): Promise<readonly string[]> {
    return await this.#catalog.list()
  }

  async listGroups(topic?: string): Promise<readonly TopicGroup[]> {
    const topics = topic === undefined ? await this.#catalog.list() : [topic]
    const found = topics.map((one) => this.#catalog.linkTo(one).patiently(() => groupsOf(this.#catalog, one)))
    return (await Promise.all(found)).flat()
  }

  async inspect(topic: string, group: string): Promise<GroupState | undefined> {
    return await this.#catalog.linkTo(topic).patiently(() => inspectGroup(this.#catalog, topic, group))
  }

  async deleteGroup(topic: string, group: string): Promise<void> {
    await this.#catalog.linkTo(topic).patiently(() => deleteGroup(this.#catalog, topic, group))
  }

  async ping(signal?: AbortSignal): Promise<void> {
    this.#assertOpen()
    signal?.throwIfAborted()
    if (!this.#servers.ready) throw this.#servers.failure()
    await untilAborted(signal, this.#catalog.ping())
  }

  onLoss(listener: LossListener): () => void {
    this.#lossListeners.add(listener)
    return () => void this.#lossListeners.delete(listener)
  }

  async durability(signal?: AbortSignal): Promise<Durability> {
    this.#assertOpen()
    const now = performance.now()
    if (this.#durability === undefined || now - this.#durability.at > durabilityMs) {
      this.#durability = { at: now, answer: durabilityOf(this.#servers, this.#settings.wait) }
      this.#durability.answer.catch(() => (this.#durability = undefined))
    }
    return await untilAborted(signal, this.#durability.answer)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #connect(signal: AbortSignal | undefined): Promise<void> {
    await this.#servers.connect(signal)
    if (this.#publishing !== this.#servers) await this.#publishing.connect(signal)
    const isCluster = this.#settings.server.cluster !== undefined
    await Promise.all(
      this.#servers.nodes().map((node) => checkServer(node, isCluster, (message) => this.#warn(message))),
    )
    // Topics that are consumed grow old also where nothing is published.
    this.#visits = setInterval(() => {
      for (const topic of this.#consumed()) this.#janitor.touch(topic, 0)
      void this.#listing.round()
    }, visitEveryMs).unref()
    this.#catalog.listLink.onReady(() => void this.#listing.renew())
  }

  #consumed(): Set<string> {
    return new Set([...this.#consumers.values()].flatMap(({ topics }) => topics))
  }

  /** Each thing at most once a second. */
  #warn(message: string): void {
    const now = performance.now()
    if (now - (this.#warned.get(message) ?? -warnEveryMs) < warnEveryMs) return
    if (this.#warned.size > 1_000) this.#warned.clear()
    this.#warned.set(message, now)
    this.#settings.warn(`[@bus/adapter-redis] ${message}`)
  }

  #forget(consumer: Consumer): void {
    this.#consumers.get(consumer)?.stop()
    this.#consumers.delete(consumer)
  }

  async #close(): Promise<void> {
    await Promise.all([
      this.#publisher.close(AbortSignal.timeout(closeLimitMs)),
      ...[...this.#consumers.keys()].map((one) => one.close()),
    ])
    clearInterval(this.#visits)
    this.#mover.close()
    this.#janitor.close()
    await Promise.all([...new Set([this.#publishing, this.#servers])].map((one) => one.close()))
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closed()
  }
}

function closed(): ClosedError {
  return new ClosedError('The Redis adapter')
}

function serversOf(settings: Settings, warn: (message: string) => void): Servers {
  return settings.server.cluster === undefined ? new OneServer(settings, warn) : new Cluster(settings, warn)
}
