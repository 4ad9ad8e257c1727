import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, type HandlerContext, NonRetryableError, RetryAfterError } from '../src/index.ts'
import type { Delivery } from '../src/spi/index.ts'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

const retry = { jitter: 0 }

describe('an event whose handler fails', () => {
  it('is handled again after the computed delays, then dead-lettered, and the bus tells of each', async () => {
    const { bus, adapter, clock } = scene()
    const starts: [number, number][] = []
    const told: unknown[] = []
    const from = clock.now()
    bus.on('retry', ({ attempts, delayMs, deferred }) => void told.push([attempts, delayMs, deferred]))
    bus.on('deadLetter', (details) => void told.push(details))
    const fail = (_event: unknown, { attempt }: HandlerContext): void => {
      starts.push([attempt, clock.now() - from])
      throw new Error('boom')
    }
    await bus.subscribe('orders', fail, { consumerGroup: 'billing', useDLQ: true, maxRetries: 2, retry })
    const { metadata } = await bus.publish('orders', 'placed', { id: 1 })
    await clock.advance(10_000)
    expect(starts).toEqual([
      [1, 0],
      [2, 200],
      [3, 600],
    ])
    expect(told).toEqual([
      [1, 200, false],
      [2, 400, false],
      {
        topic: 'orders',
        consumerGroup: 'billing',
        eventId: 'uuid-2',
        type: 'placed',
        metadata,
        attempts: 3,
        error: new Error('boom'),
        dlqTopic: 'orders.billing.dlq',
        reason: 'exhausted',
      },
    ])
    expect(adapter.stored('orders.billing.dlq')).toHaveLength(1)
    expect(adapter.calls.at(-1)).toBe('ack orders/000001')
    expect(await bus.getStats()).toMatchObject({
      deliveredEvents: 3,
      retriedEvents: 2,
      deadLetteredEvents: 1,
      failedEvents: 1,
      inFlightEvents: 0,
    })
  })

  it('goes to the retry topic when it has to wait long, and comes back counted', async () => {
    const { bus, adapter, clock } = scene()
    const starts: [number, string, number][] = []
    const from = clock.now()
    const handler = (_event: unknown, { attempt, topic }: HandlerContext): void => {
      starts.push([attempt, topic, clock.now() - from])
      if (attempt === 1) throw new RetryAfterError(60_000)
    }
    await bus.subscribe('orders', handler, { consumerGroup: 'billing' })
    await bus.publish('orders', 'placed', null)
    await turn()
    const [copy] = adapter.stored('orders.billing.retry')
    expect(copy).toMatchObject({
      notBefore: from + 60_000,
      headers: { 'bus-attempt': '2', 'bus-dead-first': String(from) },
    })
    expect(adapter.calls).toContain('ack orders/000001')
    await clock.advance(59_999)
    expect(starts).toHaveLength(1)
    await clock.advance(1)
    await turn()
    expect(starts).toEqual([
      [1, 'orders', 0],
      [2, 'orders', 60_000],
    ])
    expect(adapter.calls.at(-1)).toBe('ack orders.billing.retry/000001')
  })

  it('is given up loudly where there is no dead letter queue', async () => {
    const { bus, adapter, logger } = scene()
    await bus.subscribe('orders', () => {
      throw new NonRetryableError('no')
    })
    await bus.publish('orders', 'placed', null)
    await turn()
    expect(logger.lines).toEqual([
      [
        'error',
        'an event was given up (no dead letter queue)',
        expect.objectContaining({ reason: 'rejected', error: 'NonRetryableError: no' }),
      ],
    ])
    expect(adapter.calls.at(-1)).toBe('ack orders/000001')
    expect(await bus.getStats()).toMatchObject({ givenUpEvents: 1, failedEvents: 1, deadLetteredEvents: 0 })
  })

  it.each<[string, () => unknown]>([
    ['an object without a prototype', () => Object.create(null) as unknown],
    ['nothing', () => undefined],
    ['a symbol', () => Symbol('s')],
    ['a frozen error', () => Object.freeze(new Error('boom'))],
  ])('may fail with anything: %s', async (_name, thrown) => {
    const { bus, adapter } = scene()
    for (const [topic, useDLQ] of [
      ['kept', true],
      ['lost', false],
    ] as const) {
      await bus.subscribe(
        topic,
        () => {
          throw thrown()
        },
        { maxRetries: 0, useDLQ },
      )
      await bus.publish(topic, 'placed', null)
    }
    await turn()
    expect(adapter.stored('kept.broadcast.dlq')).toHaveLength(1)
    expect(await bus.getStats()).toMatchObject({ deadLetteredEvents: 1, givenUpEvents: 1, inFlightEvents: 0 })
  })
})

describe('an event that no handler can have', () => {
  it('is dead-lettered at once with its own bytes, and the next ones flow', async () => {
    const { bus, adapter } = scene()
    const seen: unknown[] = []
    await bus.subscribe('orders', ({ payload }) => void seen.push(payload), { useDLQ: true })
    const body = new Uint8Array([0xff, 0x00, 0xfe])
    await adapter.publish([{ topic: 'orders', headers: {}, body, key: 'k' }])
    await bus.publish('orders', 't', 'good', { key: 'k' })
    await turn()
    expect(seen).toEqual(['good'])
    expect(adapter.stored('orders.broadcast.dlq')).toMatchObject([
      { body, headers: { 'bus-dead-reason': 'unreadable' } },
    ])
    expect(await bus.getStats()).toMatchObject({ deliveredEvents: 1, retriedEvents: 0, deadLetteredEvents: 1 })
  })

  it('is dead-lettered at once when it does not fit its schema; what fits arrives as the schema makes it', async () => {
    const events = defineEvents({ orders: { placed: z.object({ total: z.string().transform(Number) }) } })
    const { bus, adapter } = scene({ events })
    const seen: unknown[] = []
    await bus.subscribe('orders', ({ payload }) => void seen.push(payload), { useDLQ: true })
    const envelope = { specversion: '1.0', id: '1', source: 's', type: 'placed', data: { total: 5 } }
    await adapter.publish([{ topic: 'orders', headers: {}, body: JSON.stringify(envelope) }])
    await adapter.publish([
      { topic: 'orders', headers: {}, body: JSON.stringify({ ...envelope, type: 'constructor' }) },
    ])
    await bus.publish('orders', 'placed', { total: '7' })
    await turn()
    expect(seen).toEqual([{ total: 5 }, { total: 7 }])
    expect(adapter.stored('orders.broadcast.dlq')).toMatchObject([{ headers: { 'bus-dead-reason': 'invalid' } }])
  })

  it('is dead-lettered unseen when its process died too often while it was handled', async () => {
    const { bus, adapter } = scene()
    let starts = 0
    await bus.subscribe('orders', () => void starts++, { useDLQ: true, maxDeliveries: 3 })
    await bus.publish('other', 't', null)
    const [message] = adapter.stored('other')
    for (const redeliveries of [1, 3])
      adapter.consumers[0]?.lend({ ...(message as Delivery['message']), topic: 'orders' }, { redeliveries })
    await turn()
    expect(starts).toBe(1)
    expect(adapter.stored('orders.broadcast.dlq')).toMatchObject([{ headers: { 'bus-dead-reason': 'crashed' } }])
  })
})
