import { defaults } from '../defaults.ts'
import type { BaseEvent } from '../events.ts'
import type { ConsumerState, StartFrom } from '../spi/consume.ts'
import { untilAborted } from '../util/until-aborted.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { type Handler } from './context.ts'
import type { Counters, TopicCounters } from './counters.ts'
import type { CircuitState } from './hooks.ts'
import type { ConsumeHost } from './host.ts'
import type { Job } from './job.ts'
import { isPattern, markTopicOf, matcher } from './pattern.ts'
import { Slots } from './slots.ts'
import type { SubscriptionPolicy } from './subscription-policy.ts'
import { TopicSubscription } from './topic-subscription.ts'

export interface SubscriptionState extends ConsumerState {
  readonly id: string
  /** Topic or pattern. */
  readonly topic: string
  readonly consumerGroup: string | undefined
  /** Events in the hands of this process. */
  readonly inFlight: number
  readonly counters: Readonly<Counters>
  /** Of its circuit breaker; absent without one. */
  readonly circuit?: CircuitState
}

/** What `bus.subscribe` made: one topic, or all that a pattern sees, those included that are created later. */
export class Subscription {
  readonly id: string
  readonly topic: string
  readonly policy: SubscriptionPolicy
  readonly counters: TopicCounters
  readonly #host: ConsumeHost
  readonly #handler: Handler<BaseEvent>
  readonly #matches: ((topic: string) => boolean) | undefined
  readonly #slots: Slots
  readonly #breaker: CircuitBreaker | undefined
  readonly #topics = new Map<string, Promise<TopicSubscription>>()
  readonly #started = new Set<TopicSubscription>()
  #starting: Promise<unknown> = Promise.resolve()
  #cancelPoll: () => void = () => {}
  #pollError: string | undefined
  #closing = false

  constructor(
    host: ConsumeHost,
    topic: string,
    policy: SubscriptionPolicy,
    handler: Handler<BaseEvent>,
    counters: TopicCounters,
  ) {
    this.id = host.clock.uuid()
    this.topic = topic
    this.policy = policy
    this.#host = host
    this.#handler = handler
    this.counters = counters
    this.#matches = isPattern(topic) ? matcher(topic, policy.includeDeadLetters) : undefined
    this.#slots = new Slots(host.clock, policy.concurrency, policy.rateLimit)
    const { circuitBreaker, consumerGroup } = policy
    if (circuitBreaker !== undefined) {
      this.#breaker = new CircuitBreaker(host.clock, circuitBreaker, this.#slots, (state, error) =>
        host.hooks.emit('circuit', { state, topic, consumerGroup, error }),
      )
    }
  }

  get inFlight(): number {
    let sum = 0
    for (const { inFlight } of this.#started) sum += inFlight
    return sum
  }

  /** By topic. */
  get inHand(): ReadonlyMap<string, number> {
    return new Map([...this.#started].map(({ topic, inFlight }) => [topic, inFlight]))
  }

  get state(): SubscriptionState {
    const states = [...this.#started].map(({ state }) => state)
    const worst = states.find(({ status }) => status === 'failing') ?? states.find(({ status }) => status === 'joining')
    const own: ConsumerState =
      this.#pollError === undefined ? { status: 'ready' } : { status: 'failing', reason: this.#pollError }
    const { status, reason } = worst ?? own
    const { id, topic, policy, inFlight } = this
    const state = {
      id,
      topic,
      consumerGroup: policy.consumerGroup,
      status,
      reason,
      inFlight,
      counters: this.counters.total,
    }
    return this.#breaker === undefined ? state : { ...state, circuit: this.#breaker.state }
  }

  async start(startFrom: StartFrom): Promise<void> {
    this.#starting = this.#matches === undefined ? this.#consume(this.topic, startFrom) : this.#register(startFrom)
    await this.#starting
  }

  /** This process is about to publish to `topic`: a pattern that means it has to see its first event. */
  async announce(topic: string): Promise<void> {
    if (this.#closing || this.#matches?.(topic) !== true) return
    await this.#consume(topic, 'earliest').catch((error: unknown) => this.#pollFailed(error))
  }

  async drain(deadline: AbortSignal, except: Job | undefined): Promise<void> {
    this.#closing = true
    this.#cancelPoll()
    this.#slots.close()
    this.#breaker?.close()
    // Each at once: none goes on because another one is still on its way into its group.
    const drained = [...this.#topics.values()].map(async (starting) => {
      const topic = await starting.catch(() => undefined)
      await topic?.drain(deadline, except)
    })
    const all = Promise.all([...drained, this.#starting.catch(() => {})])
    // At the deadline those that have started leave, also if another one is still on its way.
    await untilAborted(deadline, all).catch(() => {})
  }

  async close(deadline: AbortSignal): Promise<void> {
    const closing = [...this.#topics.values()].map(async (starting) => {
      const topic = await starting.catch(() => undefined)
      // It may have started only now.
      await topic?.drain(deadline, undefined)
      await topic?.close(deadline)
    })
    const closed = await Promise.allSettled([...closing, this.#starting.catch(() => {})])
    // Not before all have ended: one whose backend refuses must not let the others go on.
    for (const result of closed) if (result.status === 'rejected') throw result.reason
  }

  #consume(topic: string, startFrom: StartFrom): Promise<TopicSubscription> {
    const known = this.#topics.get(topic)
    if (known !== undefined) return known
    const starting = this.#begin(topic, startFrom)
    this.#topics.set(topic, starting)
    starting.catch(() => this.#topics.delete(topic))
    return starting
  }

  async #begin(topic: string, startFrom: StartFrom): Promise<TopicSubscription> {
    const subscription = new TopicSubscription(this.#host, {
      topic,
      policy: this.policy,
      handler: this.#handler,
      slots: this.#slots,
      breaker: this.#breaker,
      unused: (job) => {
        this.#slots.unused()
        this.#breaker?.unused(job)
      },
      counters: this.counters.of(topic),
      skipDeadLetters: this.#matches !== undefined && !this.policy.includeDeadLetters,
    })
    await subscription.start(startFrom)
    this.#started.add(subscription)
    return subscription
  }

  /**
   * `startFrom` is for the topics that exist when the group registers for the first time. Once it has, what it does
   * not know was created later, and is its from the first event on.
   */
  async #register(startFrom: StartFrom): Promise<void> {
    const { adapter } = this.#host
    const { consumerGroup } = this.policy
    const mark = markTopicOf(this.topic)
    const known = consumerGroup !== undefined && (await adapter.inspect(mark, consumerGroup)) !== undefined
    await this.#consumeMatching(known ? 'earliest' : startFrom)
    if (!known && consumerGroup !== undefined) await this.#leaveMark(mark, consumerGroup)
    this.#schedulePoll()
  }

  async #leaveMark(mark: string, group: string): Promise<void> {
    const consumer = await this.#host.adapter.consume({ topics: [{ topic: mark, startFrom: 'latest' }], group })
    await consumer.close()
  }

  async #consumeMatching(startFrom: StartFrom): Promise<void> {
    const topics = await this.#host.adapter.listTopics()
    if (this.#closing) return
    const found = topics.filter((topic) => this.#matches?.(topic) === true)
    await Promise.all(found.map((topic) => this.#consume(topic, startFrom)))
  }

  #schedulePoll(): void {
    if (this.#closing) return
    this.#cancelPoll = this.#host.clock.timer(
      defaults.topicPollMs,
      () => {
        void this.#consumeMatching('earliest')
          .then(() => void (this.#pollError = undefined))
          .catch((error: unknown) => this.#pollFailed(error))
          .then(() => this.#schedulePoll())
      },
      true,
    )
  }

  #pollFailed(error: unknown): void {
    this.#pollError = `looking for topics: ${String(error)}`
    const { topic, policy } = this
    this.#host.hooks.emit('error', {
      error,
      operation: 'looking for topics',
      topic,
      consumerGroup: policy.consumerGroup,
    })
  }
}
