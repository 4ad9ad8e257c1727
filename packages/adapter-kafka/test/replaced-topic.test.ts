import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SoloConsumer } from '../src/consume/solo-consumer.ts'
import type { FetchPosition, Link, LogRecord, OffsetQuery } from '../src/driver/driver.ts'
import { Names } from '../src/names.ts'
import { settingsFrom } from '../src/settings.ts'
import { Topics } from '../src/topics/topics.ts'

/** A topic with one partition that can be taken away and be given another log. */
class Cluster {
  log: LogRecord[] = []
  there = true
  id = 'first'
  #now = Date.now()

  append(...bodies: readonly string[]): void {
    for (const body of bodies) {
      const offset = `${this.log.length}`
      this.log.push({ offset, timestamp: `${(this.#now += 5)}`, key: null, value: Buffer.from(body), headers: {} })
    }
  }

  readonly open = (): Link =>
    ({
      close: () => {},
      topics: async () => [
        this.there
          ? { name: 't', id: this.id, internal: false, replicas: 1, error: undefined, leaders: [1] }
          : {
              name: 't',
              id: undefined,
              internal: false,
              replicas: 1,
              error: 'UNKNOWN_TOPIC_OR_PARTITION',
              leaders: [],
            },
      ],
      offsets: async (_node: number, _topic: string, queries: readonly OffsetQuery[]) =>
        queries.map(({ partition, at }) => ({ partition, error: undefined, offset: this.#find(at) })),
      fetch: async (_node: number, positions: readonly FetchPosition[]) => {
        await sleep(10)
        return positions.map(({ topic, partition, offset }) => {
          const error = this.there
            ? offset > this.log.length
              ? 'OFFSET_OUT_OF_RANGE'
              : undefined
            : 'UNKNOWN_TOPIC_OR_PARTITION'
          const records = error === undefined ? this.log.slice(offset) : []
          return { topic, partition, error, records, next: records.length > 0 ? this.log.length : undefined }
        })
      },
    }) as Partial<Link> as Link

  #find(at: OffsetQuery['at']): number {
    if (at === 'earliest') return 0
    return this.log.length
  }
}

let close = async (): Promise<void> => {}
afterEach(() => close())

async function consume(cluster: Cluster): Promise<string[]> {
  const settings = settingsFrom({ brokers: ['kafka:9092'] })
  const names = new Names('')
  const link = cluster.open()
  const common = {
    driver: cluster,
    link,
    topics: new Topics(link, names, settings),
    names,
    settings,
    publish: async () => {},
  }
  const consumer = new SoloConsumer(common, { topics: [{ topic: 't', startFrom: 'earliest' }] }, () => {})
  const stop = new AbortController()
  const bodies: string[] = []
  await consumer.start()
  const pulling = (async () => {
    while (!stop.signal.aborted) {
      for (const loan of await consumer.pull(100, stop.signal)) {
        bodies.push(Buffer.from(loan.message.body).toString())
        await loan.ack()
      }
    }
  })()
  close = async () => {
    stop.abort()
    await consumer.close()
    await pulling
  }
  return bodies
}

describe('a topic that was missing', () => {
  it('is consumed from its beginning if it is another one, however long its log is by then', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const cluster = new Cluster()
    cluster.append('a', 'b', 'c')
    const bodies = await consume(cluster)
    await vi.waitUntil(() => bodies.length === 3)
    cluster.there = false
    await sleep(100)
    cluster.log = []
    cluster.id = 'second'
    cluster.append('1', '2', '3', '4', '5')
    cluster.there = true
    await vi.waitUntil(() => bodies.includes('5'), { timeout: 3_000 })
    expect(bodies).toEqual(['a', 'b', 'c', '1', '2', '3', '4', '5'])
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^\[@bus\/adapter-kafka\] topic "t".*made anew/))
    warn.mockRestore()
  })

  it('is not repeated if it is the same', async () => {
    const cluster = new Cluster()
    cluster.append('a', 'b', 'c')
    const bodies = await consume(cluster)
    await vi.waitUntil(() => bodies.length === 3)
    cluster.there = false
    await sleep(100)
    cluster.append('d')
    cluster.there = true
    await vi.waitUntil(() => bodies.includes('d'), { timeout: 3_000 })
    expect(bodies).toEqual(['a', 'b', 'c', 'd'])
  })
})
