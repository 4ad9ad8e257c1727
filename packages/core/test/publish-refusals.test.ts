import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, EventInvalidError, PayloadTooLargeError, PublishError } from '../src/index.ts'
import { scene } from './support/bus.ts'
import { envelopes, rejection } from './support/outcome.ts'

describe('publish refuses, before anything is sent,', () => {
  const big = 'x'.repeat(100)
  it.each<[string, string, string, unknown, object | undefined, string]>([
    ['a topic that is none', 'no topic', 't', 1, undefined, 'BUS_TOPIC_INVALID'],
    ['a derived topic', 'orders.billing.dlq', 't', 1, undefined, 'BUS_TOPIC_INVALID'],
    ['a pattern', 'orders.*', 't', 1, undefined, 'BUS_TOPIC_INVALID'],
    ['no type', 'orders', '', 1, undefined, 'BUS_EVENT_INVALID'],
    ['a type that is no text', 'orders', 7 as unknown as string, 1, undefined, 'BUS_EVENT_INVALID'],
    ['an empty key', 'orders', 't', 1, { key: '' }, 'BUS_EVENT_INVALID'],
    ['a key with half a surrogate', 'orders', 't', 1, { key: '\ud83d' }, 'BUS_EVENT_INVALID'],
    ['a key that is no text', 'orders', 't', 1, { key: 7 }, 'BUS_EVENT_INVALID'],
    ['a big integer', 'orders', 't', { a: 1n }, undefined, 'BUS_EVENT_INVALID'],
    ['a big integer in the metadata', 'orders', 't', 1, { metadata: { a: 1n } }, 'BUS_EVENT_INVALID'],
    ['an event id that is no text', 'orders', 't', 1, { metadata: { eventId: 7 } }, 'BUS_EVENT_INVALID'],
    ['a correlation id that is no text', 'orders', 't', 1, { metadata: { correlationId: 7 } }, 'BUS_EVENT_INVALID'],
    ['a time that is no text', 'orders', 't', 1, { metadata: { timestamp: new Date(0) } }, 'BUS_EVENT_INVALID'],
    ['a delay that is none', 'orders', 't', 1, { delayMs: Number.NaN }, 'BUS_EVENT_INVALID'],
    ['a delay without end', 'orders', 't', 1, { delayMs: Number.POSITIVE_INFINITY }, 'BUS_EVENT_INVALID'],
    ['a delay as text', 'orders', 't', 1, { delayMs: '5' }, 'BUS_EVENT_INVALID'],
    ['a date that is none', 'orders', 't', 1, { deliverAt: new Date(Number.NaN) }, 'BUS_EVENT_INVALID'],
    ['a payload that is too large', 'orders', 't', `${big}x`, undefined, 'BUS_PAYLOAD_TOO_LARGE'],
    ['metadata that are too large', 'orders', 't', 1, { metadata: { a: 'x'.repeat(65_536) } }, 'BUS_PAYLOAD_TOO_LARGE'],
  ])('%s', async (_name, topic, type, payload, options, code) => {
    const { bus, adapter } = scene({ maxPayloadBytes: 102 })
    expect(await rejection(bus.publish(topic, type, payload, options))).toMatchObject({ code })
    expect(adapter.stored(topic)).toEqual([])
    expect((await bus.getStats()).failedPublishes).toBe(1)
    expect((await bus.getStats()).publishedEvents).toBe(0)
  })

  it('a cycle, saying so', async () => {
    const { bus } = scene()
    const cycle: Record<string, unknown> = {}
    cycle['list'] = [{ self: cycle }]
    const error = await rejection(bus.publish('orders', 't', cycle))
    expect(error).toBeInstanceOf(EventInvalidError)
    expect(error.message).toContain('cannot be written as JSON: payload.list[0].self leads back to payload')
    const metadata = { sums: { total: 1n } }
    const second = await rejection(bus.publish('orders', 't', 1, { metadata }))
    expect(second.message).toContain('metadata.sums.total is a bigint')
  })

  it('exactly what is over the limit, counted in bytes as JSON', async () => {
    const { bus, adapter } = scene({ maxPayloadBytes: 102 })
    await bus.publish('orders', 't', big)
    await bus.publish('orders', 't', '€'.repeat(33))
    await bus.publish('orders', 't', '\n'.repeat(50))
    expect(await rejection(bus.publish('orders', 't', '€'.repeat(34)))).toBeInstanceOf(PayloadTooLargeError)
    expect(await rejection(bus.publish('orders', 't', '\n'.repeat(51)))).toMatchObject({
      bytes: 104,
      limit: 102,
      stored: 'no',
    })
    expect(adapter.stored('orders')).toHaveLength(3)
  })

  it('accepts times in the past as now', async () => {
    const { bus, adapter, clock } = scene()
    await bus.publish('orders', 't', 1, { delayMs: -5 })
    await bus.publish('orders', 't', 2, { deliverAt: new Date(0) })
    await bus.publish('orders', 't', 3, { delayMs: 50 })
    expect(adapter.stored('orders').map(({ notBefore }) => notBefore)).toEqual([clock.now() - 5, 0, clock.now() + 50])
  })
})

describe('publish swallows nothing', () => {
  it('rejects with what the adapter said', async () => {
    const { bus, adapter } = scene()
    const refused = new PublishError('orders', [{ index: 0, stored: 'unknown', cause: new Error('timeout') }])
    adapter.faults.publish = () => {
      throw refused
    }
    expect(await rejection(bus.publish('orders', 't', 1))).toBe(refused)
    expect((await bus.getStats()).failedPublishes).toBe(1)
  })

  it('rejects although the adapter threw at once', async () => {
    const { bus, adapter } = scene()
    adapter.publish = () => {
      throw new Error('at once')
    }
    await expect(bus.publish('orders', 't', 1)).rejects.toThrow('at once')
    await expect(bus.publish('orders', 't', 1, { signal: new AbortController().signal })).rejects.toThrow('at once')
    await expect(bus.publishBatch('orders', [{ type: 't', payload: 1 }])).rejects.toThrow('at once')
  })

  it('says with a signal what is known: nothing sent, or perhaps stored', async () => {
    const { bus, adapter } = scene()
    const stop = new AbortController()
    let answer = (): void => {}
    adapter.publish = () => new Promise((resolve) => (answer = resolve))
    const publishing = bus.publish('orders', 't', 1, { signal: stop.signal })
    await bus.initialize()
    await new Promise((resolve) => setImmediate(resolve))
    stop.abort(new Error('enough'))
    expect(await rejection(publishing)).toMatchObject({
      code: 'BUS_PUBLISH_UNCERTAIN',
      stored: 'unknown',
      cause: { message: 'enough' },
    })
    answer()
    expect(await rejection(bus.publish('orders', 't', 1, { signal: stop.signal }))).toMatchObject({
      code: 'BUS_PUBLISH_FAILED',
      stored: 'no',
    })
  })

  it('rejects once the bus is closed', async () => {
    const { bus, adapter } = scene()
    await bus.close()
    expect(await rejection(bus.publish('orders', 't', 1))).toMatchObject({ code: 'BUS_CLOSED', stored: 'no' })
    expect(await rejection(bus.publishBatch('orders', [{ type: 't', payload: 1 }]))).toMatchObject({
      code: 'BUS_CLOSED',
    })
    expect(adapter.stored('orders')).toEqual([])
  })
})

describe('publishBatch', () => {
  it('stores all in their order, in one call, and gives them back', async () => {
    const { bus, adapter } = scene()
    const events = await bus.publishBatch('orders', [
      { type: 'a', payload: 1, key: 'k' },
      { type: 'b', payload: 2, metadata: { eventId: 'mine' }, delayMs: 5 },
    ])
    expect(events.map(({ type, payload, metadata }) => [type, payload, metadata.eventId])).toEqual([
      ['a', 1, 'uuid-1'],
      ['b', 2, 'mine'],
    ])
    expect(envelopes(adapter, 'orders').map(({ data }) => data)).toEqual([1, 2])
    expect((await bus.getStats()).publishedEvents).toBe(2)
  })

  it('sends nothing for an empty batch', async () => {
    const { bus, adapter } = scene()
    expect(await bus.publishBatch('orders', [])).toEqual([])
    expect(adapter.calls).toEqual([])
  })

  it('sends nothing when one of them is wrong', async () => {
    const { bus, adapter } = scene()
    expect(
      await rejection(
        bus.publishBatch('orders', [
          { type: 'a', payload: 1 },
          { type: '', payload: 2 },
        ]),
      ),
    ).toMatchObject({ code: 'BUS_EVENT_INVALID' })
    expect(adapter.stored('orders')).toEqual([])
  })

  it('rejects once when one is wrong at once and another one later', async () => {
    const slow = z.string().refine(async () => false, 'is wrong')
    const { bus, adapter } = scene({ events: defineEvents({ orders: { slow, quick: z.number() } }) })
    const batch = [
      { type: 'slow', payload: 'x' },
      { type: 'quick', payload: 'y' as unknown as number },
    ] as const
    expect(await rejection(bus.publishBatch('orders', batch))).toMatchObject({ code: 'BUS_EVENT_INVALID' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(adapter.stored('orders')).toEqual([])
  })

  it('counts as failed those that are not stored', async () => {
    const { bus, adapter } = scene()
    adapter.faults.publish = () => {
      throw new PublishError('orders', [{ index: 1, stored: 'no', cause: new Error('full') }])
    }
    await rejection(
      bus.publishBatch('orders', [
        { type: 'a', payload: 1 },
        { type: 'b', payload: 2 },
        { type: 'c', payload: 3 },
      ]),
    )
    expect(await bus.getStats()).toMatchObject({ failedPublishes: 1, publishedEvents: 2 })
  })
})
