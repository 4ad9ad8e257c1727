import { derivedTopic, isInternalTopic, parentTopicOf, TopicCollisionError, TopicMissingError } from '@bus/core/spi'
import type { Link, NewTopic, TopicInfo } from '../driver/driver.ts'
import { codeOf, DriverError, isTransientCode } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import type { Names } from '../names.ts'
import { persist } from '../pause.ts'
import type { Settings } from '../settings.ts'
import { commandsFor } from './commands.ts'

/** Who leads each partition, -1 while nobody does. */
export type Leaders = readonly number[]

export interface Wanted {
  /** The longer retention, should the topic have to be created. */
  readonly kept?: boolean
  /** Should the topic have to be created. */
  readonly partitions?: number
  /** Told of what stands in the way, while it is tried again. */
  readonly failing?: (error: unknown) => void
}

interface Known {
  readonly leaders: Leaders
  readonly until: number
}

/** How soon partitions that were added are seen. */
const maxAgeMs = 10_000

/** 48 bits, by which two of one name are told apart. */
const idLength = 8

/** A week is how long brokers by default write to one segment (`log.roll.hours`), which leaves as a whole. */
const lingerMs = 8 * 86_400_000

/** What is known of the cluster's topics, by the names the bus uses. */
export class Topics {
  readonly #link: Link
  readonly #names: Names
  readonly #settings: Settings
  readonly #known = new Map<string, Known>()
  readonly #ids = new Map<string, string>()
  readonly #looking = new Map<string, Promise<Leaders>>()

  constructor(link: Link, names: Names, settings: Settings) {
    this.#link = link
    this.#names = names
    this.#settings = settings
  }

  /** Without I/O, hence perhaps out of date. */
  peek(topic: string): Leaders | undefined {
    return this.#known.get(topic)?.leaders
  }

  /**
   * Which of the topics that have had this name it is, as of the last look; `undefined`: the cluster does not tell. Short,
   * as it travels with every position.
   */
  idOf(topic: string): string | undefined {
    return this.#ids.get(topic)
  }

  /** That this process has had to do with. */
  get known(): readonly string[] {
    return [...this.#known.keys()]
  }

  stale(topic: string): boolean {
    return (this.#known.get(topic)?.until ?? 0) < Date.now()
  }

  forget(topic: string): void {
    this.#known.delete(topic)
  }

  /** Creates the topic if it is missing and that is allowed. */
  ensure(topic: string, wanted: Wanted = {}): Promise<Leaders> {
    const known = this.#known.get(topic)
    if (known !== undefined && known.until >= Date.now()) return Promise.resolve(known.leaders)
    return this.#once(
      topic,
      async () => (await this.#find(topic, wanted.failing)) ?? (await this.#create(topic, wanted)),
    )
  }

  /**
   * Rejects if some of them have to be created and may not be.
   * @throws TopicMissingError with all that are missing
   */
  async require(topics: readonly string[]): Promise<void> {
    if (this.#settings.mayCreate) return
    const missing: string[] = []
    for (const topic of topics) if ((await this.find(topic)) === undefined) missing.push(topic)
    if (missing.length === 0) return
    const specs = missing.map(async (topic) => this.#spec(topic, await this.#likeItsParent(topic, {})))
    const commands = commandsFor(await Promise.all(specs), this.#settings.brokers)
    throw new TopicMissingError(missing, { remedy: commands.join('\n') })
  }

  /** `undefined`: there is no such topic. */
  async find(topic: string): Promise<Leaders | undefined> {
    const known = this.#known.get(topic)
    if (known !== undefined && known.until >= Date.now()) return known.leaders
    return this.#find(topic)
  }

  /** Asks the cluster, whatever is known. `undefined`: there is no such topic at the moment. */
  async refresh(topic: string): Promise<Leaders | undefined> {
    const [info] = await this.#link.topics([this.#names.topic(topic)])
    return this.#learn(topic, info)
  }

  async list(): Promise<readonly string[]> {
    const infos = await persist(() => this.#link.topics())
    return infos.flatMap(({ name, internal, error }) => {
      const topic = this.#names.ours(name)
      return internal || error !== undefined || topic === undefined || topic.startsWith('__') ? [] : [topic]
    })
  }

  #once(topic: string, look: () => Promise<Leaders>): Promise<Leaders> {
    const running = this.#looking.get(topic)
    if (running !== undefined) return running
    const looking = look().finally(() => this.#looking.delete(topic))
    this.#looking.set(topic, looking)
    return looking
  }

  #find(topic: string, failing?: (error: unknown) => void): Promise<Leaders | undefined> {
    return persist(
      async () => {
        const [info] = await this.#link.topics([this.#names.topic(topic)])
        const leaders = this.#learn(topic, info)
        if (leaders !== undefined || info?.error === 'UNKNOWN_TOPIC_OR_PARTITION') return leaders
        const code = info?.error ?? 'LEADER_NOT_AVAILABLE'
        const why = explained(code, { operation: 'Describe', topic: this.#names.topic(topic) })
        throw new DriverError(code, `Topic "${topic}": ${why}`, false)
      },
      { failing },
    )
  }

  #learn(topic: string, info: TopicInfo | undefined): Leaders | undefined {
    if (info === undefined || info.leaders.length === 0) return undefined
    if (info.error !== undefined && !isTransientCode(info.error)) return undefined
    this.#known.set(topic, { leaders: info.leaders, until: Date.now() + maxAgeMs })
    if (info.id !== undefined) this.#ids.set(topic, info.id.slice(0, idLength))
    return info.leaders
  }

  async #create(topic: string, wanted: Wanted): Promise<Leaders> {
    await this.require([topic])
    const spec = this.#spec(topic, { ...wanted, ...(await this.#likeItsParent(topic, wanted)) })
    await persist(
      async () => {
        try {
          await this.#link.createTopic(spec)
          this.#settings.log.debug(`created the topic "${spec.name}"`)
        } catch (error) {
          const code = codeOf(error)
          if (code === 'TOPIC_ALREADY_EXISTS') return
          if (code === 'INVALID_TOPIC_EXCEPTION' && (await this.#collides(spec.name, error))) {
            throw new TopicCollisionError(topic, { cause: error })
          }
          throw error
        }
      },
      { failing: wanted.failing },
    )
    // Other brokers, and leaders, come to know of it a little later.
    return persist(
      async () => {
        const leaders = await this.refresh(topic)
        if (leaders === undefined || leaders.some((leader) => leader < 0)) {
          throw new DriverError(
            'LEADER_NOT_AVAILABLE',
            `Topic "${topic}" has just been created and has no leaders yet.`,
            false,
          )
        }
        return leaders
      },
      { failing: wanted.failing },
    )
  }

  #spec(topic: string, { kept = false, partitions }: Wanted): NewTopic {
    const settings = this.#settings
    // What belongs to another topic waits there until it is due, or seen to: the retention of history is not for it.
    const keeps = kept || derivedTopic(topic) !== undefined
    const retentionMs = keeps ? this.#keptMs(topic) : settings.retentionMs
    return {
      name: this.#names.topic(topic),
      partitions: partitions ?? settings.partitions,
      replicas: settings.replicationFactor,
      config: {
        // The broker's clock: only then is time in order within a partition, which start positions and history rely on.
        'message.timestamp.type': 'LogAppendTime',
        ...(retentionMs === undefined ? {} : { 'retention.ms': String(retentionMs) }),
        ...(settings.minInsyncReplicas === undefined
          ? {}
          : { 'min.insync.replicas': String(settings.minInsyncReplicas) }),
      },
    }
  }

  /** What a topic of the bus's own says of kept messages has to outlive them, and a log's last segment lingers. */
  #keptMs(topic: string): number {
    const { keptRetentionMs } = this.#settings
    return isInternalTopic(topic) ? 2 * keptRetentionMs + lingerMs : keptRetentionMs
  }

  /** What belongs to another topic has as many partitions: a key is to meet the same number in both. */
  async #likeItsParent(topic: string, { partitions }: Wanted): Promise<Wanted> {
    const parent = parentTopicOf(topic)
    if (partitions !== undefined || parent === topic) return {}
    const leaders = await this.find(parent)
    return leaders === undefined ? {} : { partitions: leaders.length }
  }

  /** Kafka counts "." and "_" as the same in names, because its metrics do. */
  async #collides(name: string, error: unknown): Promise<boolean> {
    // Brokers say so; the other one may be a topic that this user does not see.
    if (error instanceof Error && error.message.includes('collides')) return true
    const same = name.replaceAll('.', '_')
    const infos = await this.#link.topics()
    return infos.some((info) => info.name !== name && info.name.replaceAll('.', '_') === same)
  }
}
