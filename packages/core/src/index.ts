export { EventBus } from './bus.ts'
export type { BatchEntries, EventBusOptions } from './bus-options.ts'
export type { Handler, HandlerContext } from './consume/context.ts'
export type { Counters } from './consume/counters.ts'
export type { CircuitBreakerOptions } from './consume/circuit-breaker.ts'
export type { CircuitState, HookListener, HookMap, HookName } from './consume/hooks.ts'
export type { IdempotencyOptions } from './consume/idempotency.ts'
export { InMemoryIdempotencyStore } from './consume/in-memory-idempotency-store.ts'
export type { Middleware, MiddlewarePlace, PlacedMiddleware } from './consume/middleware.ts'
export type { DefaultSubscriptionOptions, SubscriptionOptions } from './consume/options.ts'
export type { SubscriptionState } from './consume/subscription.ts'
export { createEventBus, createEventBusAdapter } from './create.ts'
export type { AdapterChoice, CreateEventBusOptions } from './create.ts'
export type { DeadLetter } from './dead-letters/dead-letter.ts'
export type { DeadLetters } from './dead-letters/dead-letters.ts'
export type {
  DeadLetterPage,
  DeadLetterPageOptions,
  DiscardOptions,
  DiscardReport,
} from './dead-letters/dead-letters.ts'
export type { DeadLetterFilter } from './dead-letters/filter.ts'
export type { RedriveOptions, RedriveReport } from './dead-letters/redrive.ts'
export { defaults } from './defaults.ts'
export {
  AdapterIncompatibleError,
  AdapterNotInstalledError,
  AdapterUnknownError,
  BackendUnavailableError,
  CapabilityMissingError,
  ClosedError,
  ConfigInvalidError,
  EventBusError,
  EventInvalidError,
  GroupInUseError,
  LoanLostError,
  MessageUnreadableError,
  PayloadTooLargeError,
  PublishBacklogError,
  PublishError,
  SubscriptionUnknownError,
  TimeoutError,
  TopicCollisionError,
  TopicInvalidError,
  TopicMissingError,
} from './errors.ts'
export type { ConfigIssue, EventBusErrorCode, PublishFailure, Stored } from './errors.ts'
export { EventTopics } from './event-topics.ts'
export type { EventTopic } from './event-topics.ts'
export { defineEvents } from './events.ts'
export type {
  AnyEvents,
  BaseEvent,
  EventDefinitions,
  EventMetadata,
  EventOf,
  EventSchemas,
  EventsOf,
  FailureKind,
  FailureMetadata,
  PayloadOf,
  PublishedOf,
  TopicOf,
  Transformed,
  TypeOf,
} from './events.ts'
export type { RetryOptions } from './failure/backoff.ts'
export { NonRetryableError, RetryAfterError } from './failure/signals.ts'
export { handleSignals } from './handle-signals.ts'
export type { Closable, HandleSignalsOptions, StopSignal } from './handle-signals.ts'
export type { AdapterHealth, Health } from './health.ts'
export type { Durability } from './spi/adapter.ts'
export type { HistoryFilter, HistoryOptions } from './history.ts'
export { logHandling, logPublishing } from './logging.ts'
export type { LogOptions } from './logging.ts'
export type { OperationOptions } from './operations.ts'
export type { BatchEntry, PublishOptions } from './publish.ts'
export type { ReplayOptions, ReplayReport } from './replay.ts'
export type { OutgoingEvent, PublishMiddleware, SwitchedPublishMiddleware } from './publish-middleware.ts'
export { registerAdapter } from './registry.ts'
export type { AdapterEntry, AnyAdapterDefinition } from './registry.ts'
export type { EventBusAdapter } from './spi/adapter.ts'
export type { AdapterDefinition, AdapterOptionsMap } from './spi/definition.ts'
export type { ClaimOutcome, IdempotencyStore } from './spi/idempotency-store.ts'
export type { GroupStats, Stats, TopicStats } from './stats.ts'
export type { TracedEvent, TraceOptions } from './trace.ts'
export type { Clock } from './util/clock.ts'
export type { Logger } from './util/logger.ts'
export type { StandardSchema } from './util/standard-schema.ts'
