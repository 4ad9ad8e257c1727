import { type Attributes, type Counter, SpanKind } from '@opentelemetry/api'
import type { EventBus, HookMap } from '@bus/core'
import { attribute, errorType, known } from './attributes.ts'
import type { MetadataCarrier } from './carrier.ts'
import type { Instruments } from './instruments.ts'
import { failed } from './span.ts'
import type { Telemetry } from './telemetry.ts'

type Details = HookMap['retry'] | HookMap['deadLetter'] | HookMap['failed']

/** What becomes of events whose handling failed: a span of its own each, in the trace of the event, and a counter. */
export function outcomes(
  bus: Pick<EventBus, 'on'>,
  telemetry: Telemetry,
  carrier: MetadataCarrier,
  common: Attributes,
): () => void {
  const tell = (operation: string, details: Details, counter: (all: Instruments) => Counter, own: Attributes): void => {
    const { tracer, instruments } = telemetry
    const about = known({
      ...common,
      [attribute.destination]: details.topic,
      [attribute.consumerGroup]: details.consumerGroup,
      [attribute.errorType]: errorType(details.error),
      [attribute.failureKind]: 'reason' in details ? details.reason : undefined,
    })
    if (instruments !== undefined) counter(instruments).add(1, about)
    // What cannot be read as an event belongs to no trace.
    if (tracer === undefined || details.metadata === undefined) return
    const span = tracer.startSpan(
      `${operation} ${details.topic}`,
      {
        kind: SpanKind.CLIENT,
        attributes: known({
          ...about,
          [attribute.operation]: operation,
          [attribute.operationType]: 'settle',
          [attribute.messageId]: details.eventId,
          [attribute.conversationId]: details.correlationId,
          [attribute.eventType]: details.type,
          [attribute.key]: details.key,
          [attribute.attempt]: details.attempts,
          ...own,
        }),
      },
      carrier.contextOf(details.metadata),
    )
    // A retry is no error yet: the failed start before it is marked as one.
    if (operation !== 'retry') failed(span, details.error)
    span.end()
  }
  const ends = [
    bus.on('retry', (details) => {
      const { delayMs, deferred } = details
      const own = { [attribute.retryDelay]: delayMs, [attribute.retryDeferred]: deferred }
      tell('retry', details, ({ retries }) => retries, own)
    }),
    bus.on('deadLetter', (details) => {
      tell('dead_letter', details, ({ deadLetters }) => deadLetters, { [attribute.deadLetterTopic]: details.dlqTopic })
    }),
    bus.on('failed', (details) => tell('give_up', details, ({ givenUp }) => givenUp, {})),
    bus.on('lost', ({ topic, events }) => {
      telemetry.instruments?.lost.add(events, { ...common, [attribute.destination]: topic })
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}
