import { type Attributes, context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api'
import type { Middleware } from '@bus/core'
import { attribute, errorType, known } from './attributes.ts'
import type { MetadataCarrier } from './carrier.ts'
import { failed } from './span.ts'
import type { Telemetry } from './telemetry.ts'

/**
 * A consumer span around every start of a handler, a child of the producer's. The conventions allow it where events are
 * handled one by one: so everything that an event leads to is one trace.
 */
export function handling(telemetry: Telemetry, carrier: MetadataCarrier, common: Attributes): Middleware {
  return async ({ type, metadata }, { topic, key, attempt, consumerGroup, replayed, signal }, next) => {
    const { tracer, instruments } = telemetry
    const about = known({
      ...common,
      [attribute.destination]: topic,
      [attribute.consumerGroup]: consumerGroup,
      [attribute.operation]: 'process',
      [attribute.operationType]: 'process',
    })
    const parent = carrier.contextOf(metadata)
    const span = tracer?.startSpan(
      `process ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: known({
          ...about,
          [attribute.messageId]: metadata.eventId,
          [attribute.conversationId]: metadata.correlationId,
          [attribute.eventType]: type,
          [attribute.key]: key,
          [attribute.attempt]: attempt,
          [attribute.replayed]: replayed || undefined,
        }),
        links: creation(trace.getSpanContext(parent)),
      },
      parent,
    )
    const from = performance.now()
    let error: unknown
    try {
      await (span === undefined ? next() : context.with(trace.setSpan(parent, span), next))
      // A start that ran too long has failed, whatever its handler says.
      error = signal.aborted ? signal.reason : undefined
    } catch (thrown) {
      error = thrown ?? new Error('the handler failed without an error')
      throw thrown
    } finally {
      const postponed = error instanceof Error && error.name === 'Postponed'
      const outcome = error === undefined || postponed ? about : { ...about, [attribute.errorType]: errorType(error) }
      if (!postponed) {
        instruments?.consumed.add(1, outcome)
        instruments?.processDuration.record((performance.now() - from) / 1_000, outcome)
      }
      if (span !== undefined) end(span, error, postponed)
    }
  }
}

function creation(created: Link['context'] | undefined): Link[] {
  return created === undefined ? [] : [{ context: created }]
}

function end(span: Span, error: unknown, postponed: boolean): void {
  if (postponed) span.setAttribute(attribute.postponed, true)
  else if (error !== undefined) failed(span, error)
  span.end()
}
