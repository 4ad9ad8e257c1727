import { trace } from '@opentelemetry/api'
import type { InMemorySpanExporter, ReadableSpan } from '@opentelemetry/sdk-trace'
import { afterAll, beforeEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { backends, Services } from './support/backends.ts'
import { registerTracing, treeOf, unregister } from './support/sdk.ts'

let exporter: InMemorySpanExporter

beforeAll(() => {
  exporter = registerTracing()
})

beforeEach(() => exporter.reset())

afterAll(unregister)

const patience = { timeout: 60_000, interval: 20 }

function line({ name, attributes, status, links, parentSpanContext }: ReadableSpan): string {
  const { service, 'bus.attempt': attempt, 'error.type': error } = attributes
  const parts = [service, name, attempt, error, attributes['bus.replayed'] === true ? 'replayed' : undefined]
  if (status.code === 2) parts.push('failed')
  if (links.some(({ context }) => context.spanId === parentSpanContext?.spanId)) parts.push('linked')
  return parts.filter((part) => part !== undefined).join(' ')
}

describe.each(backends())('on %s', (backend) => {
  it(
    'an order over three services, two retries, a dead letter, a redrive and a replay is one trace',
    { timeout: 180_000 },
    async () => {
      await using services = new Services(backend)
      const [shop, payments, shipping] = await Promise.all(
        ['shop', 'payments', 'shipping'].map((name) => services.start(name)),
      )
      if (shop === undefined || payments === undefined || shipping === undefined) throw new Error('no services')
      let outOfStock = true
      const sent: unknown[] = []
      await payments.subscribe(
        'orders',
        async ({ payload }) => void (await payments.publish('payments', 'payment.taken', payload)),
        { consumerGroup: 'payments' },
      )
      await shipping.subscribe(
        'payments',
        async ({ payload }) => {
          if (outOfStock) throw new RangeError('out of stock')
          await shipping.publish('shipments', 'shipment.sent', payload)
        },
        {
          consumerGroup: 'shipping',
          maxRetries: 2,
          useDLQ: true,
          // The first delay is waited with the event in hand, the second one in the retry topic.
          retry: { initialDelayMs: 10, factor: 100, jitter: 0, holdUpToMs: 100 },
        },
      )
      await shop.subscribe('shipments', ({ payload }) => void sent.push(payload), { consumerGroup: 'shop' })
      const dead = new Promise((resolve) => shipping.on('deadLetter', resolve))

      await trace.getTracer('test').startActiveSpan('POST /orders', async (request) => {
        await shop.publish('orders', 'order.placed', { orderId: 'o-1' })
        request.end()
      })
      await dead
      outOfStock = false
      // Some backends show what was stored a moment later.
      await vi.waitFor(async () => expect(await shop.deadLetters.count({ topic: 'payments' })).toBe(1), patience)
      expect(await shop.deadLetters.redrive({ topic: 'payments', group: 'shipping' })).toMatchObject({ redriven: 1 })
      await vi.waitFor(() => expect(sent).toHaveLength(1), patience)
      expect(await shop.replay({ topic: 'payments', into: { group: 'shipping' } })).toMatchObject({ replayed: 1 })
      await vi.waitFor(() => expect(sent).toHaveLength(2), patience)
      await Promise.all([shop, payments, shipping].map((bus) => bus.close()))

      const spans = exporter.getFinishedSpans()
      expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1)
      expect(treeOf(spans, line)).toBe(`\
POST /orders
  shop send orders
    payments process orders 1 linked
      payments send payments
        shipping process payments 1 RangeError failed linked
        shipping retry payments 1 RangeError
        shipping process payments 2 RangeError failed linked
        shipping retry payments 2 RangeError
        shipping process payments 3 RangeError failed linked
        shipping dead_letter payments 3 RangeError failed
        shipping process payments 1 linked
          shipping send shipments
            shop process shipments 1 linked
        shipping process payments 1 replayed linked
          shipping send shipments
            shop process shipments 1 linked`)
      // All that there are: none has a parent that was never exported.
      expect(spans).toHaveLength(16)
      expect(new Set(spans.map(({ attributes }) => attributes['messaging.system']))).toEqual(
        new Set([undefined, backend]),
      )
    },
  )
})
