import type { Attributes } from '@opentelemetry/api'

// By the semantic conventions for messaging, 1.45. They are not stable yet, hence copied, as they recommend:
// https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
export const attribute = {
  system: 'messaging.system',
  destination: 'messaging.destination.name',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  consumerGroup: 'messaging.consumer.group.name',
  errorType: 'error.type',
  // The bus's own, for which there is no convention.
  eventType: 'bus.event.type',
  key: 'bus.event.key',
  attempt: 'bus.attempt',
  replayed: 'bus.replayed',
  postponed: 'bus.postponed',
  retryDelay: 'bus.retry.delay_ms',
  retryDeferred: 'bus.retry.deferred',
  deadLetterTopic: 'bus.dead_letter.topic',
  failureKind: 'bus.failure.kind',
} as const

/** Without those that are not known. */
export function known(attributes: Readonly<Attributes>): Attributes {
  const found: Attributes = {}
  for (const name in attributes) if (attributes[name] !== undefined) found[name] = attributes[name]
  return found
}

/** Of low cardinality: the code of the bus's own errors, else the name of the class. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('BUS_') ? code : error.name || error.constructor.name
}
