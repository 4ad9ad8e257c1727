import { type Figures, groupId, type GroupFigures } from './group-figures.ts'
import { addCounters, type Counters, newCounters } from './consume/counters.ts'
import type { Hooks } from './consume/hooks.ts'
import type { Subscription, SubscriptionState } from './consume/subscription.ts'
import { PublishError, TopicInvalidError } from './errors.ts'
import type { LossListener } from './spi/adapter.ts'

/** Counted in this process since the bus was made. */
export interface TopicStats {
  readonly topic: string
  /** Events that are stored: `publish()` resolved. */
  readonly published: number
  /** Events that are not, or perhaps not, stored: `publish()` rejected. */
  readonly failedPublishes: number
  /** Removed by the backend, by this process's doing, before every group had handled them; at most so many. */
  readonly lost: number
}

/** One group on one topic: what became of its events here, and where the whole group stands. */
export interface GroupStats extends GroupFigures {
  readonly topic: string
  /** `undefined`: the subscriptions without a group, all together. */
  readonly consumerGroup: string | undefined
  /** Of this process, over subscriptions that come and go. */
  readonly counters: Readonly<Counters>
  /** Events in the hands of this process. */
  readonly inFlight: number
}

/** Counted in this process since the bus was made. */
export interface Stats {
  /** Name of the adapter. */
  readonly adapter: string
  readonly isHealthy: boolean
  /** Events that are stored: `publish()` resolved. */
  readonly publishedEvents: number
  /** Events that are not, or perhaps not, stored: `publish()` rejected. */
  readonly failedPublishes: number
  /** Events that were given up or dead-lettered. */
  readonly failedEvents: number
  readonly activeSubscriptions: number
  /** Starts of handlers. */
  readonly deliveredEvents: number
  readonly succeededEvents: number
  readonly retriedEvents: number
  readonly deadLetteredEvents: number
  readonly givenUpEvents: number
  /** Of those that succeeded: the idempotency store knew them already, and the handler was spared. */
  readonly duplicateEvents: number
  /** Removed by the backend, by this process's doing, before every group had handled them; at most so many. */
  readonly lostEvents: number
  /** In the hands of this process at the moment. */
  readonly inFlightEvents: number
  /** Those that this process has published to, in order of their first event. */
  readonly topics: readonly TopicStats[]
  /** Those that this process has been a member of. Where they stand is told of those it is a member of at the moment. */
  readonly groups: readonly GroupStats[]
  readonly subscriptions: readonly SubscriptionState[]
}

interface TopicBook {
  published: number
  failedPublishes: number
  lost: number
}

interface GroupBook {
  readonly topic: string
  readonly consumerGroup: string | undefined
  readonly counters: Counters
  inFlight: number
}

/** Adds up counters over subscriptions that come and go. */
export class StatsBook {
  readonly #topics = new Map<string, TopicBook>()
  /** Rejected because their topic cannot be one. */
  #nowhere = 0
  /** Of subscriptions that have ended. */
  readonly #ended = new Map<string, GroupBook>()

  published(topic: string, events: number): void {
    this.#topic(topic).published += events
  }

  /** Of a rejected call some events may be stored all the same: its error names the others. */
  rejected(topic: string, events: number, error: unknown): void {
    if (error instanceof TopicInvalidError) {
      this.#nowhere += events
      return
    }
    const failed = error instanceof PublishError ? error.failures.length : events
    const book = this.#topic(topic)
    book.failedPublishes += failed
    book.published += events - failed
  }

  losses(hooks: Hooks): LossListener {
    return (topic, events) => {
      this.#topic(topic).lost += events
      hooks.emit('lost', { topic, events })
    }
  }

  ended(subscription: Subscription): void {
    enter(this.#ended, subscription)
  }

  read(
    adapter: string,
    isHealthy: boolean,
    subscriptions: Iterable<Subscription>,
    figures: Figures | undefined,
  ): Stats {
    const open = [...subscriptions]
    const groups = new Map<string, GroupBook>()
    for (const [id, book] of this.#ended) groups.set(id, { ...book, counters: { ...book.counters } })
    for (const subscription of open) enter(groups, subscription)
    const total = newCounters()
    for (const { counters } of groups.values()) addCounters(total, counters)
    const topics = [...this.#topics].map(([topic, book]) => ({ topic, ...book }))
    const sum = (of: (book: TopicBook) => number): number => topics.reduce((all, book) => all + of(book), 0)
    return {
      adapter,
      isHealthy,
      publishedEvents: sum(({ published }) => published),
      failedPublishes: this.#nowhere + sum(({ failedPublishes }) => failedPublishes),
      failedEvents: total.givenUp + total.deadLettered,
      activeSubscriptions: open.length,
      deliveredEvents: total.delivered,
      succeededEvents: total.succeeded,
      retriedEvents: total.retried,
      deadLetteredEvents: total.deadLettered,
      givenUpEvents: total.givenUp,
      duplicateEvents: total.duplicates,
      lostEvents: sum(({ lost }) => lost),
      inFlightEvents: open.reduce((all, { inFlight }) => all + inFlight, 0),
      topics,
      groups: [...groups].map(([id, book]) => ({ ...book, ...(figures?.get(id) ?? unknown) })),
      subscriptions: open.map(({ state }) => state),
    }
  }

  #topic(topic: string): TopicBook {
    let book = this.#topics.get(topic)
    if (book === undefined) this.#topics.set(topic, (book = { published: 0, failedPublishes: 0, lost: 0 }))
    return book
  }
}

const unknown: GroupFigures = {
  lag: undefined,
  pending: undefined,
  delayed: undefined,
  retries: undefined,
  oldestPendingMs: undefined,
  deadLetters: undefined,
}

function enter(groups: Map<string, GroupBook>, { counters, policy, inHand }: Subscription): void {
  const { consumerGroup } = policy
  for (const [topic, counted] of counters) {
    const id = groupId(topic, consumerGroup)
    let book = groups.get(id)
    if (book === undefined) groups.set(id, (book = { topic, consumerGroup, counters: newCounters(), inFlight: 0 }))
    addCounters(book.counters, counted)
    book.inFlight += inHand.get(topic) ?? 0
  }
}
