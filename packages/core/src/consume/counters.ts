/** What became of deliveries, in this process. */
export interface Counters {
  /** Starts of the handler. */
  delivered: number
  succeeded: number
  /** Starts that failed. */
  failed: number
  /** Failures after which the event is handled again. */
  retried: number
  deadLettered: number
  givenUp: number
  /** Of those that succeeded: the idempotency store knew them already, and the handler was spared. */
  duplicates: number
}

export function newCounters(): Counters {
  return { delivered: 0, succeeded: 0, failed: 0, retried: 0, deadLettered: 0, givenUp: 0, duplicates: 0 }
}

const names = Object.keys(newCounters()) as (keyof Counters)[]

export function addCounters(sum: Counters, more: Readonly<Counters>): void {
  for (const name of names) sum[name] += more[name]
}

/** The counters of one subscription, for each topic that it has had to do with. */
export class TopicCounters {
  readonly #topics = new Map<string, Counters>()

  of(topic: string): Counters {
    let counters = this.#topics.get(topic)
    if (counters === undefined) this.#topics.set(topic, (counters = newCounters()))
    return counters
  }

  get total(): Counters {
    const sum = newCounters()
    for (const counters of this.#topics.values()) addCounters(sum, counters)
    return sum
  }

  [Symbol.iterator](): Iterator<[topic: string, counters: Readonly<Counters>]> {
    return this.#topics.entries()
  }
}
