import { type ConsumeTopic, untilAborted } from '@bus/core/spi'
import type { Common } from '../common.ts'
import type { Committed } from '../driver/driver.ts'
import { persist } from '../pause.ts'
import { isOfTopic } from './commit-metadata.ts'
import { pin, type Starts } from './start.ts'

/** How the cluster calls a partition, in one word. */
export function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

export interface NamedPartition {
  /** As the bus calls the topic. */
  readonly topic: string
  /** As the cluster calls it. */
  readonly name: string
  readonly id: number
}

export interface Start {
  readonly offset: number
  /** What the group was told, if that is where it begins. */
  readonly stored: Committed | undefined
  /** Which of the topics of that name it is an offset of. */
  readonly topicId: string | undefined
}

/** Where a group is, and where it begins what it has no position on. */
export class Positions {
  readonly #common: Common
  readonly #group: string
  readonly #topics: readonly ConsumeTopic[]
  #starts: Starts = new Map()
  /** Which topics the starts are offsets of. */
  #ids: ReadonlyMap<string, string | undefined> = new Map()

  constructor(common: Common, group: string, topics: readonly ConsumeTopic[]) {
    this.#common = common
    this.#group = group
    this.#topics = topics
  }

  async pin(): Promise<void> {
    this.#starts = await pin(this.#common, this.#group, this.#topics)
    this.#ids = new Map(this.#topics.map(({ topic }) => [topic, this.#common.topics.idOf(topic)]))
  }

  /** By place. */
  async stored(partitions: readonly NamedPartition[], signal: AbortSignal): Promise<ReadonlyMap<string, Committed>> {
    if (partitions.length === 0) return new Map()
    const { link, topics } = this.#common
    const asked = partitions.map(({ name, id }) => ({ topic: name, partition: id }))
    const ask = async (): Promise<readonly Committed[]> =>
      link.committed(await link.coordinator(this.#group), this.#group, asked)
    const found = new Map(
      (await untilAborted(signal, persist(ask, { signal }))).map((offset) => [
        placeOf(offset.topic, offset.partition),
        offset,
      ]),
    )
    for (const { topic, name, id } of partitions) {
      const offset = found.get(placeOf(name, id))
      // It may be what is known here that is old.
      if (offset !== undefined && !isOfTopic(offset, topics.idOf(topic)))
        await untilAborted(
          signal,
          persist(() => topics.refresh(topic), { signal }),
        )
    }
    return found
  }

  startOf({ topic, id }: NamedPartition, stored: Committed | undefined): Start {
    const topicId = this.#common.topics.idOf(topic)
    if (stored !== undefined && isOfTopic(stored, topicId)) return { offset: stored.offset, stored, topicId }
    // What replaced the topic that these are about is all new.
    const isOld = stored !== undefined || this.#ids.get(topic) !== topicId
    return { offset: isOld ? 0 : (this.#starts.get(topic)?.get(id) ?? 0), stored: undefined, topicId }
  }
}
