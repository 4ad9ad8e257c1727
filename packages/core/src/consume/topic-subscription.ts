import type { BaseEvent } from '../events.ts'
import { judgeCrashes } from '../failure/policy.ts'
import type { Consumer, ConsumerState, Delivery, StartFrom } from '../spi/consume.ts'
import { retryTopicOf } from '../spi/topics.ts'
import { isThenable } from '../util/thenable.ts'
import { attempt, passedOver, type Route } from './attempt.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { Handler } from './context.ts'
import type { Counters } from './counters.ts'
import { EarlyArrivals } from './early-arrivals.ts'
import type { FailureHost } from './failure-host.ts'
import { Failures } from './failures.ts'
import { frames } from './frame.ts'
import { HandOvers } from './hand-overs.ts'
import type { ConsumeHost } from './host.ts'
import { Job } from './job.ts'
import { Lanes } from './lanes.ts'
import { Loans } from './loans.ts'
import { Postponed } from './postponed.ts'
import { Pump } from './pump.ts'
import type { Slots } from './slots.ts'
import type { SubscriptionPolicy } from './subscription-policy.ts'
import { Unhandleable } from './unhandleable.ts'
import { WaitingRoom } from './waiting-room.ts'

export interface TopicSubscriptionOptions {
  readonly topic: string
  readonly policy: SubscriptionPolicy
  readonly handler: Handler<BaseEvent>
  readonly slots: Slots
  readonly breaker: CircuitBreaker | undefined
  /** What took a slot was no start. */
  readonly unused: (job: Job) => void
  readonly counters: Counters
  readonly skipDeadLetters: boolean
}

/**
 * One topic of a subscription: takes deliveries as there is room, has them handled, and settles every one of them.
 * What the group defers comes back through its retry topic, by the same consumer.
 */
export class TopicSubscription implements FailureHost {
  readonly topic: string
  readonly policy: SubscriptionPolicy
  readonly counters: Counters
  readonly bus: object
  readonly adapter: ConsumeHost['adapter']
  readonly clock: ConsumeHost['clock']
  readonly hooks: ConsumeHost['hooks']
  readonly schemas: ConsumeHost['schemas']
  readonly deferrals: ConsumeHost['deferrals']
  readonly #unused: (job: Job) => void
  readonly #breaker: CircuitBreaker | undefined
  readonly #route: Route
  readonly #loans: Loans
  readonly #lanes: Lanes
  /** Failed, waiting for the next start. */
  readonly #held: WaitingRoom
  readonly #early: EarlyArrivals
  readonly #pump: Pump
  readonly #failures: Failures
  readonly #stop = new AbortController()
  readonly #deadline = new AbortController()
  readonly #handOvers = new HandOvers()
  #consumer: Consumer | undefined
  #lastAck: Promise<void> | undefined

  constructor(
    host: ConsumeHost,
    { topic, policy, handler, slots, breaker, unused, counters, skipDeadLetters }: TopicSubscriptionOptions,
  ) {
    const { bus, adapter, clock, hooks, schemas, deferrals } = host
    this.bus = bus
    this.adapter = adapter
    this.clock = clock
    this.hooks = hooks
    this.schemas = schemas
    this.deferrals = deferrals
    this.topic = topic
    this.policy = policy
    this.counters = counters
    this.#unused = unused
    this.#breaker = breaker
    this.#route = { bus, clock, topic, policy, handler, counters, schemas, skipDeadLetters, signal: this.signal }
    this.#loans = new Loans(clock, policy, () => this.#lanes.behind + this.#held.size + this.#early.parked)
    this.#lanes = new Lanes(slots, (job) => this.#start(job))
    this.#held = new WaitingRoom(clock)
    this.#early = new EarlyArrivals(this, this.#loans, this.#lanes)
    this.#pump = new Pump(clock, this)
    this.#failures = new Failures(this)
  }

  get signal(): AbortSignal {
    return this.#deadline.signal
  }

  get crowded(): boolean {
    return this.#held.size * 2 >= this.policy.prefetch
  }

  get state(): ConsumerState {
    return this.#consumer?.state ?? { status: 'joining' }
  }

  /** Events in the hands of this process, those that wait for their next start included. */
  get inFlight(): number {
    return this.#loans.open + this.#early.retries
  }

  /** Resolves when every later publish will be delivered. */
  async start(startFrom: StartFrom): Promise<void> {
    const { consumerGroup: group } = this.policy
    const topics = [{ topic: this.topic, startFrom }]
    if (group !== undefined) {
      // What a group with the same name deferred before it was forgotten is not for this one.
      topics.push({ topic: retryTopicOf(this.topic, group), startFrom: 'latest' })
    }
    this.#consumer = await this.adapter.consume({
      topics,
      group,
      handover: (open, signal) => this.#handOver(open, signal),
    })
    if (group !== undefined) this.deferrals.opened(retryTopicOf(this.topic, group))
    const consumer = this.#consumer
    // A subscription that is made inside a handler is not part of what is handled there.
    void frames.exit(() => this.#pump.run(consumer, this.#stop.signal))
  }

  room(): number {
    return this.#early.stuck ? 0 : this.#loans.room
  }

  admit(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#admit(new Job(delivery))
  }

  failed(error: unknown): void {
    this.#report(error, 'receiving events')
  }

  hold(job: Job, delayMs: number): void {
    job.heldUntil = Math.ceil(this.clock.now() + delayMs)
    if (this.#leaves(job)) return this.giveBack(job)
    this.#loans.rest(job)
    const { key } = job
    // Without order it lets others pass, but it never runs beside one of its key.
    if (!this.policy.ordered) this.#lanes.leave(job)
    this.#held.add(job, job.heldUntil, (due) => {
      due.heldUntil = undefined
      if (this.policy.ordered) return this.#lanes.resume(due)
      due.key = key
      this.#lanes.add(due)
    })
    this.#ended()
  }

  done(job: Job): void {
    if (job.settled) return
    job.settled = true
    this.#loans.remove(job)
    this.#lanes.leave(job)
    this.#ended()
  }

  giveBack(job: Job): void {
    void this.#release(job)
  }

  /** Stops taking events, gives back what was not started, waits for what runs (all but `except`) until `deadline`. */
  async drain(deadline: AbortSignal, except: Job | undefined): Promise<void> {
    this.#stop.abort()
    this.#lanes.close()
    // Not waited for: the consumer records what was given back when it closes, or gives it back itself.
    void this.#giveBackUnstarted(() => true)
    await this.#loans.quiet((job) => job !== except, deadline)
  }

  /** After `drain`: gives back what still runs at the deadline, and leaves the group. All that was acknowledged is recorded then. */
  async close(deadline: AbortSignal): Promise<void> {
    await this.#loans.quiet(() => true, deadline)
    this.#deadline.abort(deadline.reason)
    const late = this.#loans.active(() => true)
    if (late.length > 0) {
      await this.clock.breathe()
      for (const job of late) this.giveBack(job)
    }
    const { consumerGroup: group } = this.policy
    if (group !== undefined && this.#consumer !== undefined) this.deferrals.closed(retryTopicOf(this.topic, group))
    await this.#consumer?.close()
  }

  #admit(job: Job): void {
    const { topic } = job.delivery.message
    if (topic !== this.topic) this.deferrals.remove(topic)
    const leaves = this.#leaves(job)
    if (!leaves && this.#early.takes(job)) return
    this.#loans.add(job)
    if (leaves) this.giveBack(job)
    else this.#lanes.add(job)
  }

  #start(job: Job): void | Promise<void> {
    this.#breaker?.begin(job)
    const heldMs = job.heldUntil === undefined ? 0 : job.heldUntil - this.clock.now()
    // It was given back while it waited for this start.
    if (heldMs > 0) return this.#putOff(job, heldMs)
    const { deaths } = job
    const verdict = deaths === 0 ? undefined : judgeCrashes(deaths, this.policy)
    if (verdict !== undefined) {
      this.#unused(job)
      this.#loans.begin(job)
      void this.#failures.carryOut(job, verdict, new Error(`its process died ${deaths} times while it was handled`))
      return undefined
    }
    try {
      const work = attempt(job, this.#route)
      if (work === passedOver) {
        this.#unused(job)
        return this.#acknowledge(job)
      }
      if (!isThenable(work)) return this.#succeed(job)
      this.#loans.begin(job)
      return work.then(
        () => this.#succeed(job),
        (error: unknown) => this.#fail(job, error),
      )
    } catch (error) {
      return this.#fail(job, error)
    }
  }

  #putOff(job: Job, delayMs: number): void {
    this.#unused(job)
    this.hold(job, delayMs)
  }

  #succeed(job: Job): void {
    this.counters.succeeded++
    this.#breaker?.succeeded(job)
    this.#acknowledge(job)
  }

  #ended(): void {
    this.#loans.ended()
    this.#pump.wake()
  }

  #acknowledge(job: Job): void {
    const recorded = job.delivery.ack()
    // Many acknowledgements share one promise: it is looked after once.
    if (recorded !== this.#lastAck) {
      this.#lastAck = recorded
      recorded.catch((error: unknown) => this.#report(error, 'acknowledging'))
    }
    this.done(job)
  }

  #fail(job: Job, error: unknown): void {
    if (job.settled) return
    const postponed = error instanceof Postponed
    if (!postponed && (!(error instanceof Unhandleable) || error.forced)) this.counters.failed++
    if (this.signal.aborted) return this.giveBack(job)
    if (postponed) return this.#putOff(job, error.delayMs)
    const pauseMs = this.#breaker?.failed(job, error)
    if (pauseMs !== undefined) return this.hold(job, pauseMs)
    this.#loans.begin(job)
    void this.#failures.handle(job, error)
  }

  async #handOver(open: readonly Delivery[], signal: AbortSignal): Promise<void> {
    // What a pull has just resolved with gets in first.
    await this.clock.breathe()
    await this.#handOvers.during(open, async (leaves) => {
      await this.#giveBackUnstarted(leaves)
      await this.#loans.quiet(leaves, signal)
    })
  }

  #leaves(job: Job): boolean {
    return this.#stop.signal.aborted || this.#handOvers.concern(job)
  }

  async #giveBackUnstarted(leaves: (job: Job) => boolean): Promise<void> {
    // Those behind others first: nothing may start because what it waited for has gone.
    const unstarted = [...this.#lanes.evict(leaves), ...this.#held.evict(leaves), ...this.#early.evict(leaves)]
    await Promise.all(unstarted.map((job) => this.#release(job)))
  }

  async #release(job: Job): Promise<void> {
    if (job.settled) return
    this.done(job)
    const { topic } = job.delivery.message
    if (topic !== this.topic) this.deferrals.add(topic)
    await job.delivery.release(job.note).catch((error: unknown) => this.#report(error, 'giving back an event'))
  }

  #report(error: unknown, operation: string): void {
    this.hooks.emit('error', { error, operation, topic: this.topic, consumerGroup: this.policy.consumerGroup })
  }
}
