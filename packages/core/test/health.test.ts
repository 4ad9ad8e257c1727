import { describe, expect, it } from 'vitest'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

describe('health', () => {
  it('is a round trip and what the subscriptions say', async () => {
    const { bus, adapter } = scene()
    await bus.subscribe('orders', () => {}, { consumerGroup: 'g' })
    expect(await bus.getHealth()).toMatchObject({
      live: true,
      ready: true,
      adapter: { name: 'fake', healthy: true, latencyMs: 0 },
      subscriptions: [{ topic: 'orders', consumerGroup: 'g', status: 'ready', inFlight: 0 }],
    })
    const [consumer] = adapter.consumers
    Object.assign(consumer ?? {}, { state: { status: 'joining' } })
    expect(await bus.getHealth()).toMatchObject({ live: true, ready: false })
    Object.assign(consumer ?? {}, { state: { status: 'failing', reason: 'no answer' } })
    expect(await bus.getHealth()).toMatchObject({ live: false, ready: false, subscriptions: [{ reason: 'no answer' }] })
    expect(await bus.isHealthy()).toBe(false)
  })

  it('connects a bus that did nothing yet, and says why it cannot', async () => {
    const { bus, adapter } = scene()
    adapter.faults.initialize = () => {
      throw new Error('refused')
    }
    adapter.faults.ping = () => {
      throw new Error('not connected')
    }
    expect(await bus.getHealth()).toMatchObject({ live: false, adapter: { healthy: false, reason: 'not connected' } })
    adapter.faults.initialize = undefined
    adapter.faults.ping = undefined
    expect(await bus.isHealthy()).toBe(true)
    expect(adapter.calls).toEqual(['initialize', 'initialize'])
  })

  it('does not wait for an answer longer than two seconds', async () => {
    const { bus, adapter, clock } = scene()
    let aborted: unknown
    adapter.ping = (signal?: AbortSignal) =>
      new Promise(() => signal?.addEventListener('abort', () => (aborted = signal.reason as unknown)))
    const asked = bus.getHealth()
    await clock.advance(2_000)
    expect(await asked).toMatchObject({ live: false, adapter: { healthy: false, latencyMs: 2_000 } })
    expect(aborted).toMatchObject({ code: 'BUS_TIMEOUT' })
    expect(clock.pending).toBe(0)
  })

  it('can be asked for when the bus is closed, and connects nothing then', async () => {
    const { bus, adapter } = scene()
    await bus.close()
    adapter.faults.ping = () => {
      throw new Error('closed')
    }
    expect(await bus.isHealthy()).toBe(false)
    expect(adapter.calls).toEqual([])
  })
})

describe('statistics', () => {
  it('go on counting over subscriptions that have ended', async () => {
    const { bus } = scene()
    const id = await bus.subscribe('orders', () => {})
    await bus.publish('orders', 'placed', 1)
    await turn()
    await bus.unsubscribe(id)
    await bus.subscribe('orders', () => {})
    await bus.publish('orders', 'placed', 2)
    await turn()
    const stats = await bus.getStats()
    expect(stats).toMatchObject({ adapter: 'fake', isHealthy: true, publishedEvents: 2, activeSubscriptions: 1 })
    expect(stats).toMatchObject({ deliveredEvents: 2, succeededEvents: 2, failedEvents: 0, inFlightEvents: 0 })
    expect(stats.subscriptions.map(({ counters }) => counters.delivered)).toEqual([1])
  })

  it('do without what the backend does not tell within two seconds', async () => {
    const { bus, adapter, clock } = scene()
    await bus.subscribe('orders', () => {}, { consumerGroup: 'g', useDLQ: true, dlqTopic: 'graveyard' })
    adapter.inspect = () => new Promise(() => {})
    const asked = bus.getStats()
    await turn()
    await clock.advance(2_000)
    const { groups, isHealthy } = await asked
    expect(isHealthy).toBe(true)
    expect(groups).toMatchObject([{ topic: 'orders', consumerGroup: 'g', lag: undefined, deadLetters: 0 }])
    expect(clock.pending).toBe(0)
    adapter.faults.ping = () => {
      throw new Error('refused')
    }
    expect((await bus.getStats()).groups).toMatchObject([{ lag: undefined, deadLetters: undefined }])
  })

  it('count what was published by topic, and what could not be, whatever it was to be called', async () => {
    const { bus } = scene()
    await bus.publish('orders', 't', 1)
    await expect(bus.publish('orders', 't', 1n)).rejects.toThrow('JSON')
    await expect(bus.publish('no topic', 't', 1)).rejects.toThrow('topic')
    const { topics, failedPublishes } = await bus.getStats()
    expect(topics).toEqual([{ topic: 'orders', published: 1, failedPublishes: 1, lost: 0 }])
    expect(failedPublishes).toBe(2)
  })

  it('tell what is in hand', async () => {
    const { bus, clock } = scene()
    await bus.subscribe('orders', () => new Promise((resolve) => void clock.timer(5, resolve)), { concurrency: 3 })
    await bus.publishBatch(
      'orders',
      [1, 2, 3].map((payload) => ({ type: 't', payload })),
    )
    await turn()
    expect((await bus.getStats()).inFlightEvents).toBe(3)
    await clock.advance(5)
    expect((await bus.getStats()).inFlightEvents).toBe(0)
  })
})
