import { delayedTopicOf, derivedTopic, isInternalTopic } from '@bus/core/spi'
import type { Common } from '../common.ts'
import { Mover } from './mover.ts'

const lookEveryMs = 10_000

/** The movers of one process: for each topic that it puts something off for, or consumes if somebody else has done so. */
export class Movers {
  readonly #common: Common
  readonly #movers = new Map<string, Mover>()
  readonly #published = new Set<string>()
  readonly #consumed = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(common: Common) {
    this.#common = common
  }

  /** Something is put off for `topic`. */
  published(topic: string): void {
    if (this.#published.has(topic)) return
    this.#published.add(topic)
    this.#start(topic)
  }

  opened(topic: string): void {
    if (this.#closed || isInternalTopic(topic) || derivedTopic(topic) !== undefined) return
    this.#consumed.set(topic, (this.#consumed.get(topic) ?? 0) + 1)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#tick)
  }

  gone(topic: string): void {
    const count = this.#consumed.get(topic)
    if (count === undefined) return
    if (count > 1) this.#consumed.set(topic, count - 1)
    else {
      this.#consumed.delete(topic)
      if (!this.#published.has(topic)) void this.#end(topic)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await Promise.all([...this.#movers.keys()].map((topic) => this.#end(topic)))
  }

  #start(topic: string): void {
    if (!this.#closed && !this.#movers.has(topic)) this.#movers.set(topic, new Mover(this.#common, topic))
  }

  async #end(topic: string): Promise<void> {
    const mover = this.#movers.get(topic)
    this.#movers.delete(topic)
    await mover?.close()
  }

  readonly #tick = (): void => {
    this.#timer = undefined
    void this.#look()
  }

  /** Others may have put off something for a topic that is consumed here. */
  async #look(): Promise<void> {
    const { link, names } = this.#common
    const topics = [...this.#consumed.keys()].filter((topic) => !this.#movers.has(topic))
    try {
      const infos =
        topics.length === 0 ? [] : await link.topics(topics.map((topic) => names.topic(delayedTopicOf(topic))))
      const found = new Set(infos.filter(({ leaders }) => leaders.length > 0).map(({ name }) => name))
      for (const topic of topics) {
        if (this.#consumed.has(topic) && found.has(names.topic(delayedTopicOf(topic)))) this.#start(topic)
      }
    } catch {
      // The next round will tell.
    }
    if (!this.#closed && this.#consumed.size > 0) this.#timer ??= setTimeout(this.#tick, lookEveryMs)
  }
}
