import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** Registers an SDK as an application does, and keeps what it exports. */
export function registerTracing(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  )
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
  return exporter
}

export function unregister(): void {
  trace.disable()
  context.disable()
  propagation.disable()
}

/** The spans as a tree, one line each, those of one parent in the order in which they ended. */
export function treeOf(spans: readonly ReadableSpan[], describe: (span: ReadableSpan) => string): string {
  const lines = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)
      .flatMap((span) => [`${indent}${describe(span)}`, ...lines(span.spanContext().spanId, `${indent}  `)])
  return lines(undefined, '').join('\n')
}
