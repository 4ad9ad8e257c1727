import type { BatchEntries, EventBusOptions } from './bus-options.ts'
import { Publishing } from './bus-publishing.ts'
import { checkedSubscription, ownMiddleware } from './bus-subscription.ts'
import { Connection } from './bus-connection.ts'
import { composed, type Middleware, placed, type PlacedMiddleware } from './consume/middleware.ts'
import type { Handler } from './consume/context.ts'
import { TopicCounters } from './consume/counters.ts'
import { jobAtHand } from './consume/frame.ts'
import { Deferrals } from './consume/host.ts'
import { type HookListener, type HookName, Hooks } from './consume/hooks.ts'
import type { SubscriptionOptions } from './consume/options.ts'
import { Subscription } from './consume/subscription.ts'
import { Subscriptions } from './consume/subscriptions.ts'
import { DeadLetters } from './dead-letters/dead-letters.ts'
import { defaults } from './defaults.ts'
import { AdapterIncompatibleError, ClosedError, EventBusError } from './errors.ts'
import type {
  AnyEvents,
  BaseEvent,
  EventMap,
  EventMatching,
  KnownPattern,
  PayloadOf,
  PublishedOf,
  TopicOf,
  TopicsMatching,
  TypeOf,
} from './events.ts'
import { type Health, health } from './health.ts'
import { history, type HistoryOptions } from './history.ts'
import type { OperationsHost } from './operations.ts'
import { type BatchEntry, Publisher, type PublishOptions } from './publish.ts'
import type { PublishMiddleware, SwitchedPublishMiddleware } from './publish-middleware.ts'
import { replay, type ReplayOptions, type ReplayReport } from './replay.ts'
import { type EventBusAdapter, SPEC_VERSION } from './spi/adapter.ts'
import { assertGroup, assertTopic, retryTopicOf } from './spi/topics.ts'
import { BackendFigures } from './group-figures.ts'
import { type Stats, StatsBook } from './stats.ts'
import { trace, type TracedEvent, type TraceOptions } from './trace.ts'
import { type Clock, systemClock } from './util/clock.ts'
import { consoleLogger } from './util/logger.ts'
import { untilIdle } from './util/until-idle.ts'
import { wait } from './util/wait.ts'

/** Publishes events and has them handled: the same calls and the same meaning on every backend. */
export class EventBus<Events extends EventMap<Events> = AnyEvents> {
  readonly #adapter: EventBusAdapter
  readonly #options: EventBusOptions<Events>
  readonly #clock: Clock
  readonly #hooks: Hooks
  readonly #host: OperationsHost
  readonly #connection: Connection
  readonly #publishing: Publishing
  readonly #subscriptions: Subscriptions
  readonly #stats = new StatsBook()
  readonly #figures: BackendFigures
  #middleware: readonly PlacedMiddleware[] = []
  readonly #stop = new AbortController()
  /** Events that failed for good: looks at them, has them handled again, or forgotten. */
  readonly deadLetters: DeadLetters
  #closing: Promise<void> | undefined

  /** Does no I/O: the adapter is initialized on first use. */
  constructor(adapter: EventBusAdapter, source: string = defaults.source, options: EventBusOptions<Events> = {}) {
    if (adapter.specVersion !== SPEC_VERSION)
      throw new AdapterIncompatibleError(adapter.name, adapter.specVersion, SPEC_VERSION)
    const { clock = systemClock, logger = consoleLogger, events, maxPayloadBytes = defaults.maxPayloadBytes } = options
    this.#adapter = adapter
    this.#options = options
    this.#clock = clock
    this.#hooks = new Hooks(logger, clock)
    const deferrals = new Deferrals(adapter.unsettled !== undefined)
    const schemas = events?.schemas
    this.#figures = new BackendFigures(adapter, clock)
    this.#connection = new Connection(adapter, this.#stats.losses(this.#hooks))
    const around: OperationsHost['around'] = (handler, own) => composed(() => this.#middleware, handler, own)
    const base = { bus: this, adapter, clock, hooks: this.#hooks, schemas, deferrals }
    this.#host = { ...base, around, open: () => this.initialize(), closing: this.#stop.signal }
    this.deadLetters = new DeadLetters(this.#host)
    this.#subscriptions = new Subscriptions(this.#host, (subscription) => this.#stats.ended(subscription))
    this.#publishing = new Publishing({
      publisher: new Publisher({ adapter, clock, source: source || defaults.source, schemas, maxPayloadBytes }),
      stats: this.#stats,
      // A handler that closing waits for may finish what it began: otherwise each deployment would make some of them fail.
      isClosed: () => this.#closing !== undefined && jobAtHand(this) === undefined,
      connect: () => (this.#connection.isOpen ? undefined : this.initialize()),
      announce: (topic) => this.#subscriptions.announce(topic),
    })
  }

  /** Name of the adapter, such as `memory`. */
  get adapterName(): string {
    return this.#adapter.name
  }

  /** Connects to the backend. Called by whatever comes first; call it yourself to fail early. */
  async initialize(): Promise<void> {
    this.#assertOpen()
    await this.#connection.open()
  }

  /**
   * Resolves with the event when it is stored.
   * @throws EventInvalidError, TopicInvalidError, PayloadTooLargeError: nothing was sent.
   * @throws PublishError, PublishBacklogError, ClosedError: `stored` says what is known.
   */
  publish<Topic extends TopicOf<Events>, Type extends TypeOf<Events, Topic>>(
    topic: Topic,
    type: Type,
    payload: PayloadOf<Events, Topic, Type>,
    options?: PublishOptions,
  ): Promise<BaseEvent<Type, PayloadOf<Events, Topic, Type>>> {
    return this.#publishing.one(topic, type, payload, options) as Promise<
      BaseEvent<Type, PayloadOf<Events, Topic, Type>>
    >
  }

  /** Many events of one topic, in their order. Rejects with a `PublishError` that names those that are not stored. */
  publishBatch<Topic extends TopicOf<Events>>(
    topic: Topic,
    entries: readonly BatchEntries<Events, Topic>[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<PublishedOf<Events, Topic>[]> {
    const batch = entries as readonly BatchEntry<string, unknown>[]
    return this.#publishing.batch(topic, batch, options?.signal) as Promise<PublishedOf<Events, Topic>[]>
  }

  /**
   * Has `handler` called for every event of `topic`: a name, `'*'` for all topics, or a pattern such as `'orders.*'`.
   * Resolves with the subscription's id when every later `publish()` will be delivered.
   */
  async subscribe<const Pattern extends string>(
    topic: Pattern & KnownPattern<Events, Pattern>,
    handler: Handler<EventMatching<Events, Pattern>>,
    options: SubscriptionOptions<EventMatching<Events, Pattern>['type']> = {},
  ): Promise<string> {
    this.#assertOpen()
    const { policy, startFrom } = checkedSubscription(this.#adapter, this.#options, topic, handler, options)
    await this.initialize()
    this.#assertOpen()
    const counters = new TopicCounters()
    const inside = this.#host.around(handler as Handler<BaseEvent>, ownMiddleware(this.#host, policy, counters))
    const subscription = new Subscription(this.#host, topic, policy, inside, counters)
    await this.#subscriptions.start(subscription, startFrom, options.signal)
    this.#assertOpen()
    return subscription.id
  }

  /**
   * Ends a subscription: what was not started is given back, what runs is waited for (30 s by default).
   * From inside its own handler it resolves at once, and the subscription ends with the handler.
   * @throws SubscriptionUnknownError
   */
  async unsubscribe(
    id: string,
    { timeoutMs = defaults.closeTimeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    await this.#subscriptions.endOne(id, timeoutMs)
  }

  /**
   * Adds a middleware around every handler. A plain function goes next to the handler, inside those that were added
   * before; `{ place, handle }` goes where it belongs, whenever it is added. @throws ConfigInvalidError
   */
  use(middleware: Middleware | PlacedMiddleware): this {
    this.#middleware = [...this.#middleware, placed(middleware)]
    return this
  }

  /** Adds a middleware around the publishing of every event, inside those that were added before. */
  usePublish(middleware: PublishMiddleware | SwitchedPublishMiddleware): this {
    this.#publishing.use(middleware)
    return this
  }

  /** Listens to what the bus does; the returned function stops it. */
  on<Name extends HookName>(name: Name, listener: HookListener<Name>): () => void {
    return this.#hooks.on(name, listener)
  }

  /**
   * The events that the backend still holds of a topic, or of all topics that a pattern means, by the time they were
   * stored, up to those stored when reading starts. Touches no group.
   */
  async *history<const Pattern extends string>(
    topic: Pattern & KnownPattern<Events, Pattern>,
    options?: HistoryOptions,
  ): AsyncGenerator<PublishedOf<Events, TopicsMatching<Events, Pattern>>> {
    await this.initialize()
    yield* history(this.#host, topic, options) as AsyncGenerator<PublishedOf<Events, TopicsMatching<Events, Pattern>>>
  }

  /** The events of one flow over all topics, in the order in which they were stored, and where each is. */
  async *trace(correlationId: string, options?: TraceOptions): AsyncGenerator<TracedEvent> {
    await this.initialize()
    yield* trace(this.#host, correlationId, options)
  }

  /** Has events of the past handled again, by a handler here or by one consumer group, and by nobody else. */
  async replay<const Pattern extends string>({
    topic,
    ...options
  }: ReplayOptions<PublishedOf<Events, TopicsMatching<Events, Pattern>>> & {
    /** A name, `'*'`, or a pattern. */
    readonly topic: Pattern & KnownPattern<Events, Pattern>
  }): Promise<ReplayReport> {
    await this.initialize()
    return replay(this.#host, topic, options as unknown as ReplayOptions)
  }

  /**
   * Forgets a group without members (else a `GroupInUseError`): its position, and what waits for it here and in its retry
   * topic. A deferred event that the backend keeps until its time may still come, to a new group of the same name.
   */
  async deleteGroup(topic: string, group: string): Promise<void> {
    assertTopic(topic)
    assertGroup(group)
    await this.initialize()
    await this.#adapter.deleteGroup(topic, group)
    await this.#adapter.deleteGroup(retryTopicOf(topic, group), group)
  }

  /** Whether the backend answers within two seconds and no subscription has failed. Never rejects. */
  async isHealthy(): Promise<boolean> {
    return (await this.getHealth()).live
  }

  async getHealth(): Promise<Health> {
    if (!this.#connection.isOpen && this.#closing === undefined) {
      const answered = new AbortController()
      const connecting = this.initialize()
        .catch(() => {})
        .finally(() => answered.abort())
      await Promise.race([connecting, wait(this.#clock, defaults.pingTimeoutMs, answered.signal, true)])
    }
    const found = await health(this.#adapter, this.#clock, this.#subscriptions)
    return this.#closing === undefined ? found : { ...found, ready: false }
  }

  /**
   * What this process has done since the bus was made, and where its groups stand as the backend tells it. Never rejects;
   * what the backend does not tell within two seconds is `undefined`.
   */
  async getStats(): Promise<Stats> {
    const isHealthy = await this.isHealthy()
    const figures = isHealthy ? await this.#figures.ask(this.#subscriptions) : undefined
    return this.#stats.read(this.#adapter.name, isHealthy, this.#subscriptions, figures)
  }

  /**
   * Resolves when all work that is due, and what it causes, retries included, is done; on a shared backend what is
   * in the hands of this process. For tests. Rejects inside a handler, which it would wait for.
   */
  async settled(): Promise<void> {
    if (jobAtHand(this) !== undefined)
      throw new EventBusError('BUS_TIMEOUT', 'settled() would wait for the handler that calls it.')
    await untilIdle(this.#clock, () => this.#idle)
  }

  /**
   * Stops taking events, waits for the handlers at work (30 s by default; they may still publish), gives back the rest
   * untouched and leaves all groups. Idempotent, never hangs (a later call may set less time); from inside a handler it
   * resolves when the others are done.
   */
  async close({ timeoutMs = defaults.closeTimeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const inside = jobAtHand(this) !== undefined
    const subscriptions = this.#subscriptions.endAll(timeoutMs)
    if (this.#closing !== undefined) return inside ? undefined : this.#closing
    this.#stop.abort()
    this.#closing = subscriptions.then(() => this.#subscriptions.allClosed()).then(() => this.#closeAdapter())
    if (!inside) return this.#closing
    this.#closing.catch((error: unknown) => this.#hooks.emit('error', { error, operation: 'closing the adapter' }))
    await subscriptions
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #idle(): boolean {
    const work = [
      this.#publishing.inFlight,
      this.#host.deferrals.count,
      this.#adapter.unsettled?.() ?? 0,
      this.#subscriptions.inFlight,
    ]
    return work.every((count) => count === 0)
  }

  async #closeAdapter(): Promise<void> {
    await this.#connection.close(this.#options.ownsAdapter === true)
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError('The event bus')
  }
}
