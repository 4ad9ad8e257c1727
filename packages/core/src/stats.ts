import { newCounters } from './consume/counters.ts'
import type { Hooks } from './consume/hooks.ts'
import type { Subscription, SubscriptionState } from './consume/subscription.ts'
import { PublishError } from './errors.ts'
import type { LossListener } from './spi/adapter.ts'

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
  /** Removed by the backend, by this process's doing, before every group had handled them; at most so many. */
  readonly lostEvents: number
  /** In the hands of this process at the moment. */
  readonly inFlightEvents: number
  readonly subscriptions: readonly SubscriptionState[]
}

/** Adds up counters over subscriptions that come and go. */
export class StatsBook {
  publishedEvents = 0
  failedPublishes = 0
  lostEvents = 0
  /** Of subscriptions that have ended. */
  readonly #ended = newCounters()

  /** Of a rejected call some events may be stored all the same: its error names the others. */
  rejected(events: number, error: unknown): void {
    const failed = error instanceof PublishError ? error.failures.length : events
    this.failedPublishes += failed
    this.publishedEvents += events - failed
  }

  losses(hooks: Hooks): LossListener {
    return (topic, events) => {
      this.lostEvents += events
      hooks.emit('lost', { topic, events })
    }
  }

  ended({ state }: Subscription): void {
    for (const name of counterNames) this.#ended[name] += state.counters[name]
  }

  read(adapter: string, isHealthy: boolean, subscriptions: Iterable<Subscription>): Stats {
    const states = [...subscriptions].map(({ state }) => state)
    const total = { ...this.#ended }
    for (const { counters } of states) for (const name of counterNames) total[name] += counters[name]
    return {
      adapter,
      isHealthy,
      publishedEvents: this.publishedEvents,
      failedPublishes: this.failedPublishes,
      failedEvents: total.givenUp + total.deadLettered,
      activeSubscriptions: states.length,
      deliveredEvents: total.delivered,
      succeededEvents: total.succeeded,
      retriedEvents: total.retried,
      deadLetteredEvents: total.deadLettered,
      givenUpEvents: total.givenUp,
      lostEvents: this.lostEvents,
      inFlightEvents: states.reduce((sum, { inFlight }) => sum + inFlight, 0),
      subscriptions: states,
    }
  }
}

const counterNames = Object.keys(newCounters()) as (keyof ReturnType<typeof newCounters>)[]
