import { type Attributes, context, type Context, type Span, SpanKind, trace, type Tracer } from '@opentelemetry/api'
import type { OutgoingEvent, PublishMiddleware } from '@bus/core'
import { attribute, errorType, known } from './attributes.ts'
import type { MetadataCarrier } from './carrier.ts'
import { failed } from './span.ts'
import type { Telemetry } from './telemetry.ts'

/** A producer span around every event that is published, whose context travels with it. */
export function publishing(telemetry: Telemetry, carrier: MetadataCarrier, common: Attributes): PublishMiddleware {
  return async (event, next) => {
    const { tracer, instruments } = telemetry
    const about = {
      ...common,
      [attribute.destination]: event.topic,
      [attribute.operation]: 'send',
      [attribute.operationType]: 'send',
    }
    const sending = tracer === undefined ? undefined : begin(tracer, carrier, event, about)
    const from = performance.now()
    let outcome: Attributes = about
    try {
      await (sending === undefined ? next() : context.with(sending.inside, next))
    } catch (error) {
      if (sending !== undefined) failed(sending.span, error)
      outcome = { ...about, [attribute.errorType]: errorType(error) }
      throw error
    } finally {
      instruments?.sent.add(1, outcome)
      instruments?.operationDuration.record((performance.now() - from) / 1_000, outcome)
      if (sending !== undefined) end(sending.span, event)
    }
  }
}

interface Sending {
  readonly span: Span
  readonly inside: Context
}

function begin(tracer: Tracer, carrier: MetadataCarrier, event: OutgoingEvent, about: Attributes): Sending {
  const ambient = context.active()
  const given = carrier.contextOf(event.metadata)
  const created = trace.getSpanContext(given)
  // What the application has given an event stays, and is linked to; the span belongs to what surrounds it, if anything does.
  const parent = created === undefined || trace.getSpanContext(ambient) !== undefined ? ambient : given
  const span = tracer.startSpan(
    `send ${event.topic}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: known({ ...about, [attribute.eventType]: event.type, [attribute.key]: event.key }),
      links: created === undefined ? [] : [{ context: created }],
    },
    parent,
  )
  const inside = trace.setSpan(parent, span)
  if (created === undefined) event.metadata = carrier.withContext(event.metadata, inside)
  return { span, inside }
}

/** Only now all of its metadata is known. */
function end(span: Span, { metadata }: OutgoingEvent): void {
  span.setAttributes(
    known({ [attribute.messageId]: metadata.eventId, [attribute.conversationId]: metadata.correlationId }),
  )
  span.end()
}
