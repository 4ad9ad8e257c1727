import type { CircuitBreakerOptions } from './circuit-breaker.ts'
import type { IdempotencyOptions } from './idempotency.ts'
import type { RetryOptions } from '../failure/backoff.ts'

/** How a subscription behaves. Precedence: the subscription, then the bus, then `EVENT_BUS_DEFAULT_*`, then the defaults. */
export interface SubscriptionOptions<Type extends string = string> {
  /**
   * Members of one group share the events, and the group's position outlives them. Absent: this subscription gets
   * every event published after `subscribe()` resolved, and nothing is remembered.
   */
  readonly consumerGroup?: string | undefined
  /** Starts after the first one; default 3. */
  readonly maxRetries?: number | undefined
  /** Whether an event that failed for good is copied to the dead letter topic; default false: given up, counted and logged. */
  readonly useDLQ?: boolean | undefined
  /** Default `<topic>.<group>.dlq`, without a group `<topic>.broadcast.dlq`. */
  readonly dlqTopic?: string | undefined
  /** Whether an event is done when its handler returned; default true. Otherwise the handler calls `context.ack()`. */
  readonly autoAck?: boolean | undefined
  /** Handlers at work at once; default 1. Events of one key never run side by side. */
  readonly concurrency?: number | undefined
  /**
   * Where a new group (or a subscription without one) begins; default `'latest'`. A date: what was stored at or
   * after it. A position (`context.position`): what comes after it.
   */
  readonly startFrom?: 'latest' | 'earliest' | Date | (string & {}) | undefined
  /** Only events of these types reach the handler; the others are acknowledged unseen. */
  readonly types?: readonly Type[] | undefined
  readonly retry?: RetryOptions | undefined
  /**
   * Milliseconds after which a start counts as failed and `context.signal` aborts; default none. The handler has the
   * same time once more to end before the event is handled again.
   */
  readonly timeoutMs?: number | undefined
  /** Whether a failed event with a key holds back later events of its key; default true. */
  readonly ordered?: boolean | undefined
  /**
   * Events on loan to this process at once, at most; default 256, and never more than 16 MiB of them. Where handlers are
   * slow it is what they handle and what they will begin within about 250 ms: the rest is for the other members.
   */
  readonly prefetch?: number | undefined
  /**
   * Deaths of its process after which an event is no longer tried; default 5. Below 3 it may hit an event that only
   * waited beside the one that killed: no backend knows at the first death which of the events on loan were started.
   */
  readonly maxDeliveries?: number | undefined
  /**
   * Handles each event once, as far as the store remembers; default: not. For subscriptions with a group and `autoAck`.
   * Replayed events are handled all the same.
   */
  readonly idempotency?: IdempotencyOptions | undefined
  /** Pauses the subscription while one handler after another fails, instead of using up the attempts; default: never. */
  readonly circuitBreaker?: CircuitBreakerOptions | undefined
  /** Starts of this subscription's handler in this process; default: as many as there are events. */
  readonly rateLimit?: { readonly perSecond: number } | undefined
  /** For `'*'` and patterns: whether dead letters are delivered as well; default false. */
  readonly includeDeadLetters?: boolean | undefined
  /** Unsubscribes when it aborts. */
  readonly signal?: AbortSignal | undefined
}

/** What a bus may set for all its subscriptions. */
export type DefaultSubscriptionOptions = Omit<SubscriptionOptions, 'types' | 'signal' | 'startFrom'>
