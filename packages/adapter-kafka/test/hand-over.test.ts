import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GroupConsumer } from '../src/consume/group-consumer.ts'
import { commonOf, FakeCluster } from './fake-cluster.ts'

describe('a partition that comes back while it is being given up', () => {
  it('goes on where it was, also if others come with it', async () => {
    const cluster = new FakeCluster([[0, 1], [0], [0, 1, 2]])
    const topics = [{ topic: 't', startFrom: 'latest' as const }]
    let handlersEnd = (): void => {}
    const handled = new Promise<void>((resolve) => (handlersEnd = resolve))
    const consumer = new GroupConsumer(
      commonOf(cluster),
      { topics, group: 'g', handover: async () => handled },
      { group: 'g.t', tail: undefined, marks: true },
      () => {},
    )
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
