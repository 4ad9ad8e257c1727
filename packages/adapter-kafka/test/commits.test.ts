import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { GroupConsumer } from '../src/consume/group-consumer.ts'
import { commonOf, FakeCluster } from './fake-cluster.ts'

describe('commits that are refused for good', () => {
  it('show in the state with their reason and are warned of, not too often; and that ends', async () => {
    const lines: string[] = []
    const cluster = new FakeCluster([[0]])
    const topics = [{ topic: 't', startFrom: 'latest' as const }]
    const common = commonOf(cluster, { warn: (message) => lines.push(message) })
    const consumer = new GroupConsumer(
      common,
      { topics, group: 'g' },
      { group: 'g.t', tail: undefined, marks: true },
      () => {},
    )
    const stop = new AbortController()
    await consumer.start()
    const pulling = (async () => {
      while (!stop.signal.aborted) {
        for (const loan of await consumer.pull(1, stop.signal)) {
          cluster.commitError = 'GROUP_AUTHORIZATION_FAILED'
          await loan.ack()
        }
      }
    })()
    try {
      await vi.waitUntil(() => consumer.state.status === 'failing', { timeout: 5_000 })
      expect(consumer.state.reason).toMatch(/commits.*GROUP_AUTHORIZATION_FAILED/)
      await sleep(1_500)
      expect(lines.length).toBeGreaterThan(0)
      expect(lines.length).toBeLessThan(4)
      expect(lines[0]).toMatch(/group "g\.t": commits are not taken: GROUP_AUTHORIZATION_FAILED/)
      cluster.commitError = undefined
      await vi.waitUntil(() => consumer.state.status === 'ready', { timeout: 3_000 })
    } finally {
      stop.abort()
      await consumer.close()
      await pulling
    }
  })
})
