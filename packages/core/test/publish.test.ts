import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, EventBus, type EventInvalidError } from '../src/index.ts'
import { scene } from './support/bus.ts'
import { FakeAdapter } from './support/fake-adapter.ts'
import { envelopes, rejection } from './support/outcome.ts'

describe('publish', () => {
  it('stores the event, and gives it back with what was filled in', async () => {
    const { bus, adapter } = scene()
    const event = await bus.publish(
      'orders',
      'placed',
      { id: 1 },
      { key: 'k', metadata: { userId: 'u', tenant: 'acme' } },
    )
    const metadata = {
      eventId: 'uuid-1',
      timestamp: '2023-11-14T22:13:20.000Z',
      source: 'test',
      userId: 'u',
      tenant: 'acme',
    }
    expect(event).toEqual({ type: 'placed', payload: { id: 1 }, metadata })
    expect(envelopes(adapter, 'orders')).toEqual([
      {
        specversion: '1.0',
        id: 'uuid-1',
        source: 'test',
        type: 'placed',
        subject: 'orders',
        time: '2023-11-14T22:13:20.000Z',
        partitionkey: 'k',
        userid: 'u',
        metadata: '{"tenant":"acme"}',
        data: { id: 1 },
      },
    ])
    expect(adapter.stored('orders')[0]).toMatchObject({ key: 'k', headers: {} })
  })

  it('stores the event as it was when it was published', async () => {
    const { bus, adapter } = scene()
    const payload = { list: [1] }
    const metadata = { tags: ['a'] }
    const publishing = bus.publish('orders', 'placed', payload, { metadata })
    payload.list.push(2)
    metadata.tags.push('b')
    await publishing
    expect(envelopes(adapter, 'orders')).toMatchObject([{ data: { list: [1] }, metadata: '{"tags":["a"]}' }])
  })

  it.each([
    ['while it connects', false],
    ['while a pattern learns of the topic', true],
  ])('keeps the order of what comes %s', async (_when, withPattern) => {
    const { bus, adapter } = scene()
    if (withPattern) await bus.subscribe('*', () => {})
    const numbers = Array.from({ length: 50 }, (_, n) => n)
    const publishing: Promise<unknown>[] = []
    for (const n of numbers) {
      publishing.push(bus.publish('orders', 'placed', n))
      await Promise.resolve()
    }
    await Promise.all(publishing)
    expect(envelopes(adapter, 'orders').map(({ data }) => data)).toEqual(numbers)
  })

  it('keeps an identity that is given, so that publishing again does not make another event', async () => {
    const { bus } = scene()
    const metadata = { eventId: 'mine', timestamp: '2020-01-01T00:00:00.000Z', source: 'other' }
    expect((await bus.publish('orders', 'placed', null, { metadata })).metadata).toEqual(metadata)
  })

  it.each([{ eventId: '' }, { source: '' }, { timestamp: '' }, { eventId: null, userId: null }])(
    'fills in what is empty: %j',
    async (metadata) => {
      const { bus } = scene()
      expect((await bus.publish('orders', 'placed', null, { metadata: metadata as object })).metadata).toEqual({
        eventId: 'uuid-1',
        timestamp: '2023-11-14T22:13:20.000Z',
        source: 'test',
      })
    },
  )

  it('never names an empty source, which others could not read', async () => {
    const bus = new EventBus(new FakeAdapter(), '')
    expect((await bus.publish('orders', 'placed', null)).metadata.source).toBe('event-bus')
  })

  it('initializes the adapter once, also for many at once, and again after it failed', async () => {
    const { bus, adapter } = scene()
    adapter.faults.initialize = () => {
      throw new Error('away')
    }
    await expect(bus.publish('orders', 'placed', 1)).rejects.toThrow('away')
    adapter.faults.initialize = undefined
    await Promise.all([bus.publish('orders', 'placed', 1), bus.publish('orders', 'placed', 2)])
    await bus.publish('orders', 'placed', 3)
    expect(adapter.calls).toEqual(['initialize', 'initialize'])
    expect(envelopes(adapter, 'orders').map(({ data }) => data)).toEqual([1, 2, 3])
  })

  it('keeps a member of the metadata called __proto__ a member', async () => {
    const { bus, adapter } = scene()
    const metadata = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>
    const event = await bus.publish('orders', 'placed', null, { metadata })
    expect(Object.getPrototypeOf(event.metadata)).toBe(Object.prototype)
    expect(envelopes(adapter, 'orders')).toMatchObject([{ metadata: '{"__proto__":{"admin":true}}' }])
  })
})

describe('publish with schemas', () => {
  const events = defineEvents({
    orders: {
      placed: z.object({ id: z.string(), total: z.number().positive() }),
      checked: z.object({ id: z.string().refine(async (id) => id !== 'taken', 'is taken') }),
    },
  })

  it('lists what is wrong', async () => {
    const { bus, adapter } = scene({ events })
    const wrong = { id: 7, total: -1 } as unknown as { id: string; total: number }
    const error = await rejection(bus.publish('orders', 'placed', wrong))
    expect(error).toMatchObject({ code: 'BUS_EVENT_INVALID', topic: 'orders', type: 'placed' })
    expect((error as EventInvalidError).issues).toEqual([
      expect.stringMatching(/^id: /),
      expect.stringMatching(/^total: /),
    ])
    expect(adapter.stored('orders')).toEqual([])
  })

  it('waits for a schema that takes time', async () => {
    const { bus, adapter } = scene({ events })
    await bus.publish('orders', 'checked', { id: 'free' })
    expect(await rejection(bus.publish('orders', 'checked', { id: 'taken' }))).toMatchObject({
      issues: ['id: is taken'],
    })
    expect(adapter.stored('orders')).toHaveLength(1)
  })

  it.each([
    ['orders', 'shipped'],
    ['payments', 'placed'],
    ['orders', 'constructor'],
    ['orders', '__proto__'],
    ['constructor', 'name'],
  ])('refuses what is not defined: %s, %s', async (topic, type) => {
    const { bus } = scene({ events })
    const error = await rejection(bus.publish(topic as 'orders', type as 'placed', { id: 'a', total: 1 }))
    expect(error).toMatchObject({ code: 'BUS_EVENT_INVALID', issues: ['no such event is defined'] })
  })

  it('stores what was given, not what the schema makes of it', async () => {
    const { bus, adapter } = scene({
      events: defineEvents({ orders: { placed: z.object({ total: z.string().transform(Number) }) } }),
    })
    await bus.publish('orders', 'placed', { total: '12' })
    expect(envelopes(adapter, 'orders')).toMatchObject([{ data: { total: '12' } }])
  })
})
