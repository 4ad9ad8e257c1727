import { describe, expect, it } from 'vitest'
import type { BaseEvent, HandlerContext, SubscriptionOptions } from '../src/index.ts'
import { scene } from './support/bus.ts'
import { rejection } from './support/outcome.ts'
import { turn } from './support/turn.ts'

describe('subscribe', () => {
  it('hands over the event, and tells where it comes from', async () => {
    const { bus } = scene()
    const seen: unknown[] = []
    const handler = (event: BaseEvent, context: HandlerContext): void => {
      const { topic, key, attempt, consumerGroup, position, replayed, signal } = context
      seen.push(event, { topic, key, attempt, consumerGroup, position, replayed, aborted: signal.aborted })
    }
    await bus.subscribe('orders', handler, { consumerGroup: 'billing' })
    const published = await bus.publish('orders', 'placed', { id: 1 }, { key: 'k' })
    await turn()
    expect(seen).toEqual([
      published,
      {
        topic: 'orders',
        key: 'k',
        attempt: 1,
        consumerGroup: 'billing',
        position: '000001',
        replayed: false,
        aborted: false,
      },
    ])
  })

  it('refuses what is no handler: it would make every event fail', async () => {
    const { bus } = scene()
    expect(await rejection(bus.subscribe('orders', undefined as never))).toMatchObject({ code: 'BUS_CONFIG_INVALID' })
  })

  it('consumes the retry topic along with the topic, in a group only', async () => {
    const { bus, adapter } = scene()
    await bus.subscribe('orders', () => {}, { consumerGroup: 'billing' })
    await bus.subscribe('orders', () => {})
    expect(adapter.calls).toEqual(['initialize', 'consume orders+orders.billing.retry', 'consume orders'])
  })

  it.each<[string, string, SubscriptionOptions, string]>([
    ['a name that is no topic', 'no topic', {}, 'BUS_TOPIC_INVALID'],
    ['a pattern that is none', '__*', {}, 'BUS_TOPIC_INVALID'],
    ['a group that is none', 'orders', { consumerGroup: 'a.b' }, 'BUS_TOPIC_INVALID'],
    ['options that cannot be', 'orders', { concurrency: 0 }, 'BUS_CONFIG_INVALID'],
    ['a start that is no date', 'orders', { startFrom: new Date(Number.NaN) }, 'BUS_CONFIG_INVALID'],
    ['a start that is nothing', 'orders', { startFrom: '' }, 'BUS_CONFIG_INVALID'],
    ['dead letters into its own topic', 'orders', { useDLQ: true, dlqTopic: 'orders' }, 'BUS_CONFIG_INVALID'],
    [
      'dead letters into what it sees',
      'orders.*',
      { dlqTopic: 'orders.failed', includeDeadLetters: true },
      'BUS_CONFIG_INVALID',
    ],
  ])('refuses %s, before anything is asked of the adapter', async (_name, topic, options, code) => {
    const { bus, adapter } = scene()
    expect(await rejection(bus.subscribe(topic, () => {}, options))).toMatchObject({ code })
    expect(adapter.calls).toEqual([])
  })

  it('lets a pattern have its dead letters in a topic that it passes over', async () => {
    const { bus } = scene()
    await expect(bus.subscribe('orders.*', () => {}, { useDLQ: true, dlqTopic: 'orders.failed' })).resolves.toBeTypeOf(
      'string',
    )
  })

  it('rejects when the adapter refuses, and leaves nothing behind', async () => {
    const { bus, adapter, clock } = scene()
    adapter.faults.consume = () => {
      throw new Error('not allowed')
    }
    await expect(bus.subscribe('orders', () => {})).rejects.toThrow('not allowed')
    expect((await bus.getStats()).activeSubscriptions).toBe(0)
    expect(clock.pending).toBe(0)
    adapter.faults.consume = undefined
    await bus.subscribe('orders', () => {})
    expect(adapter.open).toBe(1)
  })

  it('rejects when the bus is being closed meanwhile, and leaves nothing open', async () => {
    for (const ready of [false, true]) {
      for (const topic of ['orders', 'orders.*']) {
        const { bus, adapter } = scene()
        await adapter.publish([{ topic: 'orders.placed', headers: {}, body: '{}' }])
        if (ready) await bus.initialize()
        const subscribing = bus.subscribe(topic, () => {}).catch((error: unknown) => error)
        await bus.close()
        expect(await subscribing, `${topic}, ready: ${ready}`).toMatchObject({ code: 'BUS_CLOSED' })
        expect(adapter.open).toBe(0)
      }
    }
  })

  it('rejects when the bus is closed while the adapter takes its time, and leaves nothing open', async () => {
    const { bus, adapter } = scene()
    const consume = adapter.consume.bind(adapter)
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    adapter.consume = (options) => gate.then(() => consume(options))
    const subscribing = bus.subscribe('orders', () => {}).catch((error: unknown) => error)
    await turn()
    const closing = bus.close()
    go()
    await closing
    expect(await subscribing).toMatchObject({ code: 'BUS_CLOSED' })
    expect(adapter.open).toBe(0)
  })

  it('gives only the types that are wanted to the handler, and counts only those', async () => {
    const { bus, adapter } = scene()
    const seen: string[] = []
    await bus.subscribe('orders', ({ type }) => void seen.push(type), { types: ['placed'] })
    await bus.publishBatch(
      'orders',
      ['placed', 'paid', 'placed'].map((type) => ({ type, payload: null })),
    )
    await turn()
    expect(seen).toEqual(['placed', 'placed'])
    expect(adapter.calls.filter((call) => call.startsWith('ack'))).toHaveLength(3)
    expect(await bus.getStats()).toMatchObject({ deliveredEvents: 2, succeededEvents: 2 })
  })

  it('ends with its signal', async () => {
    const { bus, adapter } = scene()
    const stop = new AbortController()
    await bus.subscribe('orders', () => {}, { signal: stop.signal })
    expect(adapter.open).toBe(1)
    stop.abort()
    await turn()
    await turn()
    expect(adapter.open).toBe(0)
    await bus.subscribe('orders', () => {}, { signal: stop.signal })
    expect(adapter.open).toBe(0)
    expect((await bus.getStats()).activeSubscriptions).toBe(0)
  })

  it('starts as many handlers at once as allowed, over all topics of a pattern', async () => {
    const { bus } = scene()
    const ends: (() => void)[] = []
    await bus.subscribe('*', () => new Promise<void>((resolve) => ends.push(resolve)), { concurrency: 2 })
    for (const topic of ['a', 'b', 'c']) await bus.publish(topic, 't', null)
    await turn()
    expect(ends).toHaveLength(2)
    ends[0]?.()
    await turn()
    expect(ends).toHaveLength(3)
  })
})
