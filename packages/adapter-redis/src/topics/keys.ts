import { parentTopicOf } from '@bus/core/spi'

/** The names of all keys. Those of a topic, and of the topics derived from it, share one hash tag: one slot, one script. */
export class Keyspace {
  /** A set: the names of all topics. */
  readonly topics: string
  readonly #prefix: string
  readonly #known = new Map<string, TopicKeys>()

  constructor(prefix: string) {
    this.#prefix = prefix
    this.topics = `${prefix}:topics`
  }

  of(topic: string): TopicKeys {
    let keys = this.#known.get(topic)
    if (keys === undefined) {
      keys = new TopicKeys(this.#prefix, topic)
      this.#known.set(topic, keys)
    }
    return keys
  }
}

/** The keys of one topic. Names of topics and groups contain no colon, so none of these can be mistaken for another. */
export class TopicKeys {
  readonly topic: string
  /** The stream of the events without a key. */
  readonly base: string
  /** A hash: number of partitions, last id, registered groups, what was lost to the hard cap. */
  readonly meta: string
  /** `meta` of the topic this one is derived from; its own if there is none. */
  readonly rootMeta: string
  /** A sorted set of numbers by due time; the entries behind them are in a hash. */
  readonly delayed: string
  readonly delayedEntries: string
  /** A stream of one entry, written to when something is due earlier than what was known. */
  readonly delayedBell: string
  /** A stream of one entry, written to when something was stored in a partition. */
  readonly keyedBell: string
  /** A hash: how far readers without a group have read, and when that ceases to count. */
  readonly readers: string
  #streams: string[]

  constructor(prefix: string, topic: string) {
    this.topic = topic
    const root = rootOf(topic)
    this.base = `{${prefix}:${root}}${topic.slice(root.length)}`
    this.meta = `${this.base}:meta`
    this.rootMeta = `{${prefix}:${root}}:meta`
    this.keyedBell = `${this.base}:keyed`
    this.delayed = `${this.base}:delayed`
    this.delayedEntries = `${this.base}:delayed:entries`
    this.delayedBell = `${this.base}:delayed:bell`
    this.readers = `${this.base}:readers`
    this.#streams = [this.base]
  }

  /** The base stream, then those of the partitions. */
  streams(partitions: number): readonly string[] {
    if (this.#streams.length !== partitions + 1) {
      this.#streams = [this.base, ...Array.from({ length: partitions }, (_, n) => `${this.base}:${n}`)]
    }
    return this.#streams
  }

  /** A sorted set: members of the group by the time their lease ends. */
  members(group: string): string {
    return `${this.base}:members:${group}`
  }

  /** A hash: who has which partition. */
  leases(group: string): string {
    return `${this.base}:leases:${group}`
  }

  /** A hash: what was left with events that were given back. */
  notes(group: string): string {
    return `${this.base}:notes:${group}`
  }

  /** A hash, for a while after the group was deleted: where each stream ended then. */
  deleted(group: string): string {
    return `${this.base}:deleted:${group}`
  }

  /** A stream of one entry, written to when members have something to look at. */
  bell(group: string): string {
    return `${this.base}:bell:${group}`
  }
}

function rootOf(topic: string): string {
  for (let current = topic; ;) {
    const parent = parentTopicOf(current)
    if (parent === current) return current
    current = parent
  }
}
