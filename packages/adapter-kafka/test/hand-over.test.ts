import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GroupConsumer } from '../src/consume/group-consumer.ts'
import type { Assignment, Committed, FetchPosition, Link, OffsetQuery, TopicPartition } from '../src/driver/driver.ts'
import { DriverError } from '../src/driver/driver-error.ts'
import { Names } from '../src/names.ts'
import { settingsFrom } from '../src/settings.ts'
import { Topics } from '../src/topics/topics.ts'

const end = 100

/** A topic with three partitions, the group at 10 in each; 10 and 11 can be fetched, the rest waits. */
class Cluster {
  readonly committed = new Map(
    [0, 1, 2].map((partition) => [partition, { topic: 't', partition, offset: 10, metadata: '' }]),
  )
  readonly #assignments: readonly (readonly number[])[]
  #generation = 0
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
    while (this.generation === generation) await sleep(5)
    await sleep(30)
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
      topics: async () => [{ name: 't', internal: false, error: undefined, leaders: [1, 1, 1] }],
      coordinator: async () => 1,
      offsets: async (_node: number, _topic: string, queries: readonly OffsetQuery[]) =>
        queries.map(({ partition }) => ({ partition, error: undefined, offset: end })),
      committed: async (_node: number, _group: string, asked: readonly TopicPartition[]) => {
        await this.#hold
        return asked.map(({ partition }) => this.committed.get(partition) as Committed)
      },
      commit: async (_node: number, _identity: unknown, offsets: readonly Committed[]) =>
        offsets.map((offset) => {
          this.committed.set(offset.partition, offset)
          return { topic: offset.topic, partition: offset.partition, error: undefined }
        }),
      join: async () => ({ member: 'me', complete: true, generation: ++this.#generation, members: [], leads: false }),
      sync: async (): Promise<Assignment> => ({
        partitions: { t: this.#assignments[Math.min(this.#generation, this.#assignments.length) - 1] ?? [] },
        partial: false,
      }),
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

describe('a partition that comes back while it is being given up', () => {
  it('goes on where it was, also if others come with it', async () => {
    const cluster = new Cluster([[0, 1], [0], [0, 1, 2]])
    const settings = settingsFrom({ brokers: ['kafka:9092'], heartbeatIntervalMs: 20, sessionTimeoutMs: 5_000 })
    const names = new Names('')
    const link = cluster.open()
    const common = { driver: cluster, link, topics: new Topics(link, names, settings), names, settings }
    const topics = [{ topic: 't', startFrom: 'latest' as const }]
    let handlersEnd = (): void => {}
    const handled = new Promise<void>((resolve) => (handlersEnd = resolve))
    const consumer = new GroupConsumer(common, { topics, group: 'g', handover: async () => handled }, 'g.t', () => {})
    const stop = new AbortController()
    await consumer.start()
    let lent = 0
    const pulling = (async () => {
      while (!stop.signal.aborted) lent += (await consumer.pull(1, stop.signal)).length
    })()
    try {
      while (lent < 4) await sleep(10)
      await cluster.rebalance() // partition 1 is to be given up; its handlers run
      cluster.holdOffsets()
      await cluster.rebalance() // it comes back together with partition 2, whose offset is not known yet
      handlersEnd()
      await sleep(50)
      cluster.release()
      await sleep(300)
      expect(cluster.committed.get(1)?.offset).toBe(10) // nothing was acknowledged
      const positions = consumer.partitions.map(({ id, position }) => `${id}@${position}`)
      expect(positions.toSorted()).toEqual(['0@12', '1@12', '2@12'])
    } finally {
      stop.abort()
      await consumer.close()
      await pulling
    }
  })
})
