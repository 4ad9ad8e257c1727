import type { Link } from '../link/link.ts'
import { createTopic } from '../scripts/topic.ts'
import type { Keyspace, TopicKeys } from './keys.ts'

/** What topics there are, and over how many partitions each is spread. */
export class Catalog {
  readonly keys: Keyspace
  readonly #link: Link
  readonly #partitions: number
  readonly #known = new Map<string, number>()

  constructor(link: Link, keys: Keyspace, partitions: number) {
    this.#link = link
    this.keys = keys
    this.#partitions = partitions
  }

  of(topic: string): TopicKeys {
    return this.keys.of(topic)
  }

  /** As stored, if that is known; otherwise what a new topic would get. The server has the last word. */
  partitions(topic: string): number {
    return this.#known.get(topic) ?? this.#partitions
  }

  learn(topic: string, partitions: number): void {
    this.#known.set(topic, partitions)
  }

  /** Registers the topic where it is missing. Its name is listed before it holds anything. */
  async ensure(topic: string): Promise<number> {
    const { meta, rootMeta } = this.of(topic)
    await this.#link.command('SADD', this.keys.topics, topic)
    const partitions = Number(await this.#link.run(createTopic, [meta, rootMeta], [this.#partitions]))
    this.learn(topic, partitions)
    return partitions
  }

  /** `undefined`: nobody registered it. */
  async find(topic: string): Promise<number | undefined> {
    const found = (await this.#link.command('HGET', this.of(topic).meta, 'partitions')) as Buffer | null
    if (found === null) return undefined
    const partitions = Number(found.toString('latin1'))
    this.learn(topic, partitions)
    return partitions
  }

  async list(): Promise<string[]> {
    const names = (await this.#link.command('SMEMBERS', this.keys.topics)) as Buffer[]
    return names.map((name) => name.toString()).sort()
  }
}
