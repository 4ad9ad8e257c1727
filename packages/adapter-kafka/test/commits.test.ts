import { describe, expect, it, vi } from 'vitest'
import { GroupConsumer } from '../src/consume/group-consumer.ts'
import { commonOf, FakeCluster } from './fake-cluster.ts'

describe('commits that are refused for good', () => {
  it('show in the state with their reason and are warned of, not too often; and that ends', async () => {
    const lines: string[] = []
    const began = performance.now()
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
      await vi.waitUntil(() => lines.length >= 2, { timeout: 10_000 })
      // Far more are refused than are told of.
      expect(cluster.refused).toBeGreaterThan(2 * lines.length)
      expect(lines.length).toBeLessThanOrEqual(1 + (performance.now() - began) / 1_000)
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
