// With the oldest API and SDK that @bus/otel takes; whatever the newest are is what the tests of the repository use.
import assert from 'node:assert/strict'
import { propagation, SpanKind, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createEventBus } from '@bus/core'
import { otel } from '@bus/otel'

const exporter = new InMemorySpanExporter()
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))

const bus = await createEventBus('packed-app')
otel(bus)
await bus.subscribe('orders', () => {})
await bus.publish('orders', 'order.placed', 1)
await bus.settled()
await bus.close()

const spans = exporter.getFinishedSpans()
const send = spans.find(({ kind }) => kind === SpanKind.PRODUCER)
const process = spans.find(({ kind }) => kind === SpanKind.CONSUMER)
assert.ok(send !== undefined && process !== undefined)
assert.equal(process.parentSpanContext?.spanId, send.spanContext().spanId)
console.log(`${send.name}, ${process.name}`)
