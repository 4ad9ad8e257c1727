import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { type ClaimOutcome, EventBus, InMemoryIdempotencyStore } from '@bus/core'
import { afterEach, expect, it } from 'vitest'
import { otel } from '../src/index.ts'
import { registerTracing, unregister } from './support/sdk.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

afterEach(unregister)

function instrumented(): EventBus {
  const bus = new EventBus(new InMemoryAdapter(), 'test', { logger: silent })
  otel(bus)
  return bus
}

it('says by the conventions what was sent and handled', async () => {
  const exporter = registerTracing()
  await using bus = instrumented()
  await bus.subscribe('orders', () => {}, { consumerGroup: 'billing' })
  const event = await bus.publish('orders', 'order.placed', 1, { key: 'k', metadata: { correlationId: 'flow-1' } })
  await bus.settled()
  const [send, process] = exporter.getFinishedSpans().toSorted((one, other) => one.kind - other.kind)
  const both = {
    'messaging.system': 'memory',
    'messaging.destination.name': 'orders',
    'messaging.message.id': event.metadata.eventId,
    'messaging.message.conversation_id': 'flow-1',
    'bus.event.type': 'order.placed',
    'bus.event.key': 'k',
  }
  expect(send).toMatchObject({ name: 'send orders', kind: SpanKind.PRODUCER, status: { code: SpanStatusCode.UNSET } })
  expect(send?.attributes).toEqual({
    ...both,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
  })
  expect(process).toMatchObject({ name: 'process orders', kind: SpanKind.CONSUMER })
  expect(process?.attributes).toEqual({
    ...both,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': 'billing',
    'bus.attempt': 1,
  })
  const { traceId, spanId } = send?.spanContext() ?? {}
  expect(event.metadata['traceparent']).toBe(`00-${traceId}-${spanId}-01`)
})

it('carries baggage, and gives each event of a batch a span of its own', async () => {
  const exporter = registerTracing()
  await using bus = instrumented()
  const seen: unknown[] = []
  await bus.subscribe('orders', ({ metadata }) => {
    const tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value
    seen.push([metadata['traceparent']?.split('-')[2], tenant])
  })
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  await context.with(propagation.setBaggage(context.active(), baggage), () =>
    bus.publishBatch(
      'orders',
      [1, 2].map((payload) => ({ type: 'order.placed', payload })),
    ),
  )
  await bus.settled()
  const sent = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.PRODUCER)
  expect(seen.toSorted()).toEqual(sent.map((span) => [span.spanContext().spanId, 'acme']).toSorted())
  expect(sent).toHaveLength(2)
})

it('leaves the context that an event was given, belongs to it, and links to it beside another one', async () => {
  const exporter = registerTracing()
  await using bus = instrumented()
  const publish = (): Promise<unknown> => bus.publish('orders', 'order.placed', 1, { metadata: { traceparent: given } })
  expect(await publish()).toMatchObject({ metadata: { traceparent: given } })
  const [alone] = exporter.getFinishedSpans()
  expect(alone?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  exporter.reset()
  await trace.getTracer('test').startActiveSpan('around', (around) => publish().finally(() => around.end()))
  const [inside, around] = exporter.getFinishedSpans()
  expect(inside?.parentSpanContext?.spanId).toBe(around?.spanContext().spanId)
  expect(inside?.links.map(({ context: { spanId } }) => spanId)).toEqual(['b7ad6b7169203331'])
})

it('marks what failed: a publish, a start that took too long, an event given up', async () => {
  const exporter = registerTracing()
  await using bus = instrumented()
  await expect(bus.publish('orders', 'order.placed', 1n)).rejects.toThrow('bigint')
  await bus.subscribe('orders', (_event, { signal }) => new Promise((resolve) => (signal.onabort = () => resolve())), {
    consumerGroup: 'slow',
    timeoutMs: 5,
    maxRetries: 0,
  })
  await bus.publish('orders', 'order.placed', 2)
  await bus.settled()
  const failed = exporter.getFinishedSpans().filter(({ status }) => status.code === SpanStatusCode.ERROR)
  expect(failed.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
    ['send orders', 'BUS_EVENT_INVALID'],
    ['process orders', 'BUS_TIMEOUT'],
    ['give_up orders', 'BUS_TIMEOUT'],
  ])
  expect(failed.map(({ events }) => events.map(({ name }) => name))).toEqual(Array(3).fill(['exception']))
})

it('does not take for a failure that somebody else is at the same event', async () => {
  const exporter = registerTracing()
  await using bus = instrumented()
  class BusyAtFirst extends InMemoryIdempotencyStore {
    #asked = 0

    override async claim(...claimed: Parameters<InMemoryIdempotencyStore['claim']>): Promise<ClaimOutcome> {
      return this.#asked++ === 0 ? 'busy' : super.claim(...claimed)
    }
  }
  const idempotency = { store: new BusyAtFirst(), leaseMs: 1_000 }
  await bus.subscribe('orders', () => {}, { consumerGroup: 'billing', idempotency })
  await bus.publish('orders', 'order.placed', 1)
  await bus.settled()
  const handled = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CONSUMER)
  expect(handled.map(({ status, attributes }) => [status.code, attributes['bus.postponed']])).toEqual([
    [SpanStatusCode.UNSET, true],
    [SpanStatusCode.UNSET, undefined],
  ])
})

it('does nothing before an SDK is registered, works with one that comes later, and ends when told to', async () => {
  await using bus = new EventBus(new InMemoryAdapter(), 'test', { logger: silent })
  const end = otel(bus)
  const handled: unknown[] = []
  await bus.subscribe('orders', ({ metadata }) => void handled.push(Object.keys(metadata)))
  await bus.publish('orders', 'order.placed', 1)
  const exporter = registerTracing()
  await bus.publish('orders', 'order.placed', 2)
  await bus.settled()
  expect(exporter.getFinishedSpans()).toHaveLength(2)
  end()
  await bus.publish('orders', 'order.placed', 3)
  await bus.settled()
  expect(exporter.getFinishedSpans()).toHaveLength(2)
  const plain = ['eventId', 'timestamp', 'source']
  expect(handled.map((keys) => (keys as string[]).toSorted())).toEqual([
    plain.toSorted(),
    [...plain, 'traceparent'].toSorted(),
    plain.toSorted(),
  ])
})
