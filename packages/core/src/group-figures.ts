import type { Subscription } from './consume/subscription.ts'
import { Depth } from './dead-letters/depth.ts'
import { inTime } from './health.ts'
import type { EventBusAdapter, GroupState } from './spi/adapter.ts'
import { deadLetterTopicOf, retryTopicOf } from './spi/topics.ts'
import type { Clock } from './util/clock.ts'

/** Where a group stands on a topic, counted over all of its members. What could not be asked is `undefined`. */
export interface GroupFigures {
  /** Events that no member was given yet. */
  readonly lag: number | undefined
  /** Events that some member has in hand. */
  readonly pending: number | undefined
  /** Events that were published with a delay and are not due yet. */
  readonly delayed: number | undefined
  /** Events that failed and wait in the group's retry topic. */
  readonly retries: number | undefined
  /** Age of the oldest event that is not settled, in milliseconds; 0 if there is none. */
  readonly oldestPendingMs: number | undefined
  /** Dead letters that are neither redriven nor discarded; of all who share the topic, where a `dlqTopic` is shared. */
  readonly deadLetters: number | undefined
}

/** By topic and group, as {@link groupId} writes it. */
export type Figures = ReadonlyMap<string, GroupFigures>

interface Place {
  readonly topic: string
  readonly group: string | undefined
  readonly dlqTopics: Set<string>
}

export function groupId(topic: string, group: string | undefined): string {
  return `${topic} ${group ?? ''}`
}

/** Asks the backend where the groups of this process stand. */
export class BackendFigures {
  readonly #adapter: EventBusAdapter
  readonly #clock: Clock
  readonly #depths = new Map<string, Depth>()

  constructor(adapter: EventBusAdapter, clock: Clock) {
    this.#adapter = adapter
    this.#clock = clock
  }

  /** Never rejects, and takes no longer than a round trip may. */
  async ask(subscriptions: Iterable<Subscription>): Promise<Figures> {
    const places = [...placesOf(subscriptions)]
    const figures = places.map(async ([id, place]) => [id, await this.#of(place)] as const)
    return new Map(await Promise.all(figures))
  }

  async #of({ topic, group, dlqTopics }: Place): Promise<GroupFigures> {
    const [main, retries, deadLetters] = await Promise.all([
      this.#inTime(async () => (group === undefined ? undefined : this.#adapter.inspect(topic, group))),
      this.#inTime(async () =>
        group === undefined ? undefined : ((await this.#adapter.inspect(retryTopicOf(topic, group), group)) ?? none),
      ),
      this.#inTime(() => this.#depth(dlqTopics)),
    ])
    return {
      lag: main?.lag,
      pending: main?.pending,
      delayed: main && (main.delayed ?? 0),
      retries: retries && retries.lag + retries.pending + (retries.delayed ?? 0),
      oldestPendingMs: main && Math.max(main.oldestPendingMs, retries?.oldestPendingMs ?? 0),
      deadLetters,
    }
  }

  async #depth(dlqTopics: ReadonlySet<string>): Promise<number> {
    const now = this.#clock.now()
    const counts = [...dlqTopics].map((name) => {
      let depth = this.#depths.get(name)
      if (depth === undefined) this.#depths.set(name, (depth = new Depth(this.#adapter, name)))
      return depth.count(now)
    })
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }

  async #inTime<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await inTime('The question', this.#clock, ask)
    } catch {
      // Whether the backend answers is told by health.
      return undefined
    }
  }
}

const none: GroupState = { lag: 0, pending: 0, oldestPendingMs: 0 }

function placesOf(subscriptions: Iterable<Subscription>): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const { counters, policy } of subscriptions) {
    const { consumerGroup: group, dlqTopic } = policy
    for (const [topic] of counters) {
      const id = groupId(topic, group)
      let place = places.get(id)
      if (place === undefined) {
        place = { topic, group, dlqTopics: new Set([deadLetterTopicOf(topic, group)]) }
        places.set(id, place)
      }
      if (dlqTopic !== undefined) place.dlqTopics.add(dlqTopic)
    }
  }
  return places
}
