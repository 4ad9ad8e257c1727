import { RedisAdapter } from '@bus/adapter-redis'
import { EventBus } from '@bus/core'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { payloadOf } from '../src/measurement.ts'
import { allAcknowledged, Countdown } from './traffic.ts'

const events = 1_000
const payload = payloadOf(200)

// Leases, upkeep and this test's own looks go on meanwhile, the longer the busier the machine is.
const beside = 50

test.each([0, 50])('a thousand events with %i keys cost Redis a handful of commands beside XADD', async (keys) => {
  // Of its own: it counts all that it is asked.
  await using server = await startRedis({ args: ['--loglevel', 'notice'] })
  const control = new Redis(server.url)
  const adapter = new RedisAdapter({ url: server.url })
  const bus = new EventBus(adapter, 'guard', { ownsAdapter: true })
  const publish = (index: number): Promise<unknown> =>
    bus.publish('orders', 'order.created', payload, { key: keys === 0 ? undefined : `key-${index % keys}` })
  const countdown = new Countdown()
  const allHandled = async (count: number): Promise<void> => {
    const reached = countdown.from(count)
    await Promise.all(Array.from({ length: count }, (_, index) => publish(index)))
    await reached
    await allAcknowledged(adapter, 'orders', 'one')
  }
  try {
    await bus.subscribe('orders', () => countdown.step(), { consumerGroup: 'one', concurrency: 1 })
    await allHandled(100)

    const calls = await commands(control, () => allHandled(events))
    const countOf = (...names: string[]): number => names.reduce((sum, name) => sum + (calls.get(name) ?? 0), 0)

    // Each batch with keys rings for those who read.
    expect(countOf('xadd')).toBeGreaterThanOrEqual(events)
    expect(countOf('xadd')).toBeLessThan(events + 20)
    // One handler at a time, and still in windows: a round trip for each event would be a thousand of each.
    expect(countOf('xreadgroup')).toBeLessThan(keys === 0 ? 30 : 100)
    expect(countOf('xack')).toBeLessThan(60)
    // What the client asks for: to publish, to read, to settle, to keep its leases.
    expect(countOf('evalsha', 'eval')).toBeLessThan(beside)
    const others = [...calls.keys()].filter((name) => name !== 'xadd')
    expect(countOf(...others)).toBeLessThan(keys === 0 ? 250 : 500)
  } finally {
    await bus.close()
    control.disconnect()
  }
})

/** Calls by command, those of scripts included. */
async function commands(control: Redis, act: () => Promise<void>): Promise<Map<string, number>> {
  await control.config('RESETSTAT')
  await act()
  const info = await control.info('commandstats')
  const calls = [...info.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(
    ([, name = '', count]) => [name, Number(count)] as const,
  )
  return new Map(calls)
}
