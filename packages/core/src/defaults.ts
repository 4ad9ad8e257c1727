/** Every default of the core, once; the documentation quotes this table. */
export const defaults = {
  maxRetries: 3,
  useDLQ: false,
  autoAck: true,
  concurrency: 1,
  ordered: true,
  prefetch: 256,
  prefetchBytes: 16_777_216,
  /** How far ahead of its handlers a subscription takes events. */
  prefetchMs: 250,
  maxDeliveries: 5,
  initialDelayMs: 200,
  factor: 2,
  maxDelayMs: 30_000,
  jitter: 0.2,
  holdUpToMs: 5_000,
  /** In a row, before a circuit breaker opens. */
  failures: 5,
  resetMs: 30_000,
  /** For how long an idempotency store remembers what was handled. */
  ttlMs: 86_400_000,
  leaseMs: 30_000,
  /** Events with a time before which they may not be handled wait here, beside the window. */
  waitingRoom: 10_000,
  /** How often a dead letter is redriven before it is parked. */
  maxRedrives: 3,
  closeTimeoutMs: 30_000,
  pingTimeoutMs: 2_000,
  maxPayloadBytes: 921_600,
  source: 'event-bus',
  /** How often a `'*'` or pattern subscription looks for topics that others created. */
  topicPollMs: 500,
} as const
