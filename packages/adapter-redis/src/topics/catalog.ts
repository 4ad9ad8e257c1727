import { isFull } from '../link/failure.ts'
import type { Link } from '../link/link.ts'
import type { Servers } from '../link/servers.ts'
import { createTopic } from '../scripts/topic.ts'
import type { Keyspace, TopicKeys } from './keys.ts'

/** What topics there are, and over how many partitions each is spread. */
export class Catalog {
  readonly keys: Keyspace
  readonly #servers: Servers
  readonly #partitions: number
  readonly #known = new Map<string, number>()

  constructor(servers: Servers, keys: Keyspace, partitions: number) {
    this.#servers = servers
    this.keys = keys
    this.#partitions = partitions
  }

  of(topic: string): TopicKeys {
    return this.keys.of(topic)
  }

  /** The way to the keys of a topic, and of the topics derived from it. */
  linkTo(topic: string): Link {
    return this.#servers.at(this.of(topic).base)
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
    try {
      await this.enlist([topic])
    } catch (error) {
      // Those who start on a server that is full go on with what there is.
      if (!isFull(error) || !(await this.list()).includes(topic)) throw error
    }
    const partitions = Number(await this.linkTo(topic).run(createTopic, [meta, rootMeta], [this.#partitions]))
    this.learn(topic, partitions)
    return partitions
  }

  async enlist(topics: readonly string[]): Promise<void> {
    await this.listLink.command('SADD', this.keys.topics, ...topics)
  }

  /** The way to the list of topics. */
  get listLink(): Link {
    return this.#servers.at(this.keys.topics)
  }

  /** `undefined`: nobody registered it. */
  async find(topic: string): Promise<number | undefined> {
    const found = (await this.linkTo(topic).command('HGET', this.of(topic).meta, 'partitions')) as Buffer | null
    if (found === null) return undefined
    const partitions = Number(found.toString('latin1'))
    this.learn(topic, partitions)
    return partitions
  }

  /** A round trip to each server, and a question that only one in working order answers. */
  async ping(): Promise<void> {
    const answers = this.#servers.nodes().map((node) => node.command('PING'))
    await Promise.all([...answers, this.listLink.command('EXISTS', this.keys.topics)])
  }

  /** Whether its messages are kept on purpose. */
  async isKept(topic: string): Promise<boolean> {
    return (await this.linkTo(topic).command('HGET', this.of(topic).meta, 'kept')) !== null
  }

  async list(): Promise<string[]> {
    const link = this.listLink
    const names = (await link.patiently(() => link.command('SMEMBERS', this.keys.topics))) as Buffer[]
    return names.map((name) => name.toString()).sort()
  }
}
