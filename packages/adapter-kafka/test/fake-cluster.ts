import { setTimeout as sleep } from 'node:timers/promises'
import type { Common } from '../src/common.ts'
import type { Assignment, Committed, FetchPosition, Link, OffsetQuery, TopicPartition } from '../src/driver/driver.ts'
import { DriverError } from '../src/driver/driver-error.ts'
import type { KafkaLogger } from '../src/options.ts'
import { Names } from '../src/names.ts'
import { settingsFrom } from '../src/settings.ts'
import { Topics } from '../src/topics/topics.ts'

/** The end of each log. */
const end = 100

/** A topic with three partitions, the group at 10 in each; 10 and 11 can be fetched, the rest waits. */
export class FakeCluster {
  readonly committed: Map<number, Committed> = new Map(
    [0, 1, 2].map((partition) => [partition, { topic: 't', partition, offset: 10, metadata: '' }]),
  )
  readonly #assignments: readonly (readonly number[])[]
  /** What it answers to commits. */
  commitError: string | undefined
  /** How many it has refused. */
  refused = 0
  #generation = 0
  /** The last generation that was told what it has. */
  #told = 0
  #rebalance = false
  #hold: Promise<void> | undefined
  release: () => void = () => {}

  constructor(assignments: readonly (readonly number[])[]) {
    this.#assignments = assignments
  }

  get generation(): number {
    return this.#generation
  }

  async rebalance(): Promise<void> {
    const { generation } = this
    this.#rebalance = true
    while (this.#told <= generation) await sleep(5)
    // What the member does at once is done by then.
    await new Promise((resolve) => setImmediate(resolve))
  }

  holdOffsets(): void {
    this.#hold = new Promise((resolve) => {
      this.release = resolve
    })
  }

  readonly open = (): Link =>
    ({
      connect: async () => {},
      close: () => {},
      reset: () => {},
      topics: async () => [
        { name: 't', id: undefined, internal: false, replicas: 1, error: undefined, leaders: [1, 1, 1] },
      ],
      coordinator: async () => 1,
      offsets: async (_node: number, _topic: string, queries: readonly OffsetQuery[]) =>
        queries.map(({ partition }) => ({ partition, error: undefined, offset: end })),
      committed: async (_node: number, _group: string, asked: readonly TopicPartition[]) => {
        await this.#hold
        return asked.map(({ partition }) => this.committed.get(partition) as Committed)
      },
      commit: async (_node: number, _identity: unknown, offsets: readonly Committed[]) =>
        offsets.map((offset) => {
          if (this.commitError === undefined) this.committed.set(offset.partition, offset)
          else this.refused++
          return { topic: offset.topic, partition: offset.partition, error: this.commitError }
        }),
      join: async () => ({ member: 'me', complete: true, generation: ++this.#generation, members: [], leads: false }),
      sync: async (): Promise<Assignment> => {
        this.#told = this.#generation
        const assignment = this.#assignments[Math.min(this.#generation, this.#assignments.length) - 1] ?? []
        return { partitions: { t: assignment }, partial: false }
      },
      heartbeat: async () => {
        if (!this.#rebalance) return
        this.#rebalance = false
        throw new DriverError('REBALANCE_IN_PROGRESS', 'rebalance', true)
      },
      leave: async () => {},
      fetch: async (_node: number, positions: readonly FetchPosition[]) => {
        await sleep(10)
        return positions.map(({ topic, partition, offset }) => {
          const record = { offset: `${offset}`, timestamp: '1', key: null, value: Buffer.from('x'), headers: {} }
          const some = offset < 12
          return {
            topic,
            partition,
            error: undefined,
            records: some ? [record] : [],
            next: some ? offset + 1 : undefined,
          }
        })
      },
    }) as Partial<Link> as Link
}

/** What a consumer of it takes. */
export function commonOf(cluster: FakeCluster, logger: KafkaLogger = {}): Common {
  const settings = settingsFrom({ brokers: ['kafka:9092'], heartbeatIntervalMs: 20, sessionTimeoutMs: 5_000, logger })
  const names = new Names('')
  const link = cluster.open()
  return { driver: cluster, link, topics: new Topics(link, names, settings), names, settings, publish: async () => {} }
}
