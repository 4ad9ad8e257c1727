import { defaults } from '../defaults.ts'
import { ConfigInvalidError, type ConfigIssue } from '../errors.ts'
import type { CircuitBreakerOptions, CircuitBreakerPolicy } from './circuit-breaker.ts'
import type { IdempotencyOptions, IdempotencyPolicy } from './idempotency.ts'
import type { RetryOptions } from '../failure/backoff.ts'
import type { FailurePolicy } from '../failure/policy.ts'
import { unknownOptions } from '../spi/known-options.ts'
import { assertGroup, assertTopic } from '../spi/topics.ts'
import { numberProblem } from '../util/number-problem.ts'
import { isPattern, matcher } from './pattern.ts'
import type { DefaultSubscriptionOptions, SubscriptionOptions } from './options.ts'

/** A subscription's options with nothing left open. */
export interface SubscriptionPolicy extends FailurePolicy {
  readonly consumerGroup: string | undefined
  readonly dlqTopic: string | undefined
  readonly autoAck: boolean
  readonly concurrency: number
  readonly timeoutMs: number | undefined
  readonly ordered: boolean
  readonly prefetch: number
  readonly types: ReadonlySet<string> | undefined
  readonly includeDeadLetters: boolean
  readonly idempotency: IdempotencyPolicy | undefined
  readonly circuitBreaker: CircuitBreakerPolicy | undefined
  /** Starts per second. */
  readonly rateLimit: number | undefined
}

/**
 * Merges options, the most particular first.
 * @throws ConfigInvalidError with everything that is wrong, TopicInvalidError for names.
 */
export function subscriptionPolicy(
  options: SubscriptionOptions,
  ...fallbacks: readonly (DefaultSubscriptionOptions | undefined)[]
): SubscriptionPolicy {
  const layers = [options, ...fallbacks]
  const pick = <Name extends keyof DefaultSubscriptionOptions>(name: Name): DefaultSubscriptionOptions[Name] =>
    layers.find((layer) => layer?.[name] !== undefined)?.[name]
  const retry = <Name extends keyof FailurePolicy['retry']>(name: Name): number =>
    layers.find((layer) => layer?.retry?.[name] !== undefined)?.retry?.[name] ?? defaults[name]
  const policy: SubscriptionPolicy = {
    consumerGroup: pick('consumerGroup'),
    maxRetries: pick('maxRetries') ?? defaults.maxRetries,
    useDLQ: pick('useDLQ') ?? defaults.useDLQ,
    dlqTopic: pick('dlqTopic'),
    autoAck: pick('autoAck') ?? defaults.autoAck,
    concurrency: pick('concurrency') ?? defaults.concurrency,
    timeoutMs: pick('timeoutMs'),
    ordered: pick('ordered') ?? defaults.ordered,
    prefetch: pick('prefetch') ?? defaults.prefetch,
    maxDeliveries: pick('maxDeliveries') ?? defaults.maxDeliveries,
    types: options.types === undefined ? undefined : new Set(options.types),
    includeDeadLetters: pick('includeDeadLetters') ?? false,
    idempotency: idempotencyOf(pick('idempotency')),
    circuitBreaker: breakerOf(pick('circuitBreaker')),
    rateLimit: pick('rateLimit')?.perSecond,
    retry: {
      initialDelayMs: retry('initialDelayMs'),
      factor: retry('factor'),
      maxDelayMs: retry('maxDelayMs'),
      jitter: retry('jitter'),
      holdUpToMs: retry('holdUpToMs'),
    },
  }
  check(policy, [
    ...layers.flatMap((layer) => unknownNames(layer)),
    ...(options.dlqTopic !== undefined && policy.autoAck && pick('useDLQ') === undefined
      ? [
          {
            name: 'dlqTopic',
            problem: 'without useDLQ nothing is ever sent there; set it to true, or to false to say so',
          },
        ]
      : []),
  ])
  return policy
}

// Objects with every name, so that none can be forgotten here.
const retryNames: Record<keyof RetryOptions, true> = {
  initialDelayMs: true,
  factor: true,
  maxDelayMs: true,
  jitter: true,
  holdUpToMs: true,
}
const optionNames: Record<keyof SubscriptionOptions, true> = {
  consumerGroup: true,
  maxRetries: true,
  useDLQ: true,
  dlqTopic: true,
  autoAck: true,
  concurrency: true,
  startFrom: true,
  types: true,
  retry: true,
  timeoutMs: true,
  ordered: true,
  prefetch: true,
  maxDeliveries: true,
  idempotency: true,
  circuitBreaker: true,
  rateLimit: true,
  includeDeadLetters: true,
  signal: true,
}

function unknownNames(layer: SubscriptionOptions | undefined): ConfigIssue[] {
  return [
    ...unknownOptions(layer, optionNames),
    ...unknownOptions(layer?.retry, retryNames, 'retry.'),
    ...unknownOptions(layer?.circuitBreaker, { failures: true, resetMs: true }, 'circuitBreaker.'),
    ...unknownOptions(layer?.idempotency, { store: true, ttlMs: true, leaseMs: true }, 'idempotency.'),
    ...unknownOptions(layer?.rateLimit, { perSecond: true }, 'rateLimit.'),
  ]
}

function idempotencyOf(options: IdempotencyOptions | undefined): IdempotencyPolicy | undefined {
  if (options === undefined) return undefined
  const { store, ttlMs = defaults.ttlMs, leaseMs = defaults.leaseMs } = options
  return { store, ttlMs, leaseMs }
}

function breakerOf(options: CircuitBreakerOptions | undefined): CircuitBreakerPolicy | undefined {
  if (options === undefined) return undefined
  const { failures = defaults.failures, resetMs = defaults.resetMs } = options
  return { failures, resetMs }
}

/** @throws ConfigInvalidError if what the subscription cannot handle would come back to it for ever. */
export function assertNoLoop(topic: string, { dlqTopic, includeDeadLetters, useDLQ }: SubscriptionPolicy): void {
  if (dlqTopic === undefined) {
    if (!isPattern(topic) || !includeDeadLetters || !useDLQ) return
    const problem = `with includeDeadLetters the subscription to "${topic}" would see its own dead letters; set it to false, or dlqTopic to a topic that it does not see`
    throw new ConfigInvalidError([{ name: 'useDLQ', problem }])
  }
  const returns = isPattern(topic) ? includeDeadLetters && matcher(topic, true)(dlqTopic) : topic === dlqTopic
  if (!returns) return
  throw new ConfigInvalidError([
    { name: 'dlqTopic', problem: `"${dlqTopic}" is seen by the subscription to "${topic}" itself` },
  ])
}

function check(policy: SubscriptionPolicy, found: readonly ConfigIssue[]): void {
  const issues: ConfigIssue[] = [...found]
  const atLeast = (
    name: string,
    value: number | undefined,
    min: number,
    whole = true,
    max = Number.POSITIVE_INFINITY,
  ): void => {
    const problem = value === undefined ? undefined : numberProblem(value, min, whole, max)
    if (problem !== undefined) issues.push({ name, problem })
  }
  for (const name of ['useDLQ', 'autoAck', 'ordered', 'includeDeadLetters'] as const) {
    if (typeof policy[name] !== 'boolean')
      issues.push({ name, problem: `${String(policy[name])} is not true or false` })
  }
  atLeast('maxRetries', policy.maxRetries, 0)
  atLeast('concurrency', policy.concurrency, 1)
  atLeast('prefetch', policy.prefetch, 1)
  atLeast('maxDeliveries', policy.maxDeliveries, 1)
  atLeast('timeoutMs', policy.timeoutMs, 1)
  atLeast('rateLimit.perSecond', policy.rateLimit, Number.MIN_VALUE, false)
  atLeast('circuitBreaker.failures', policy.circuitBreaker?.failures, 1)
  atLeast('circuitBreaker.resetMs', policy.circuitBreaker?.resetMs, 1)
  atLeast('idempotency.ttlMs', policy.idempotency?.ttlMs, 1)
  atLeast('idempotency.leaseMs', policy.idempotency?.leaseMs, 1)
  issues.push(...idempotencyIssues(policy))
  atLeast('retry.initialDelayMs', policy.retry.initialDelayMs, 0, false)
  atLeast('retry.factor', policy.retry.factor, 1, false)
  atLeast('retry.maxDelayMs', policy.retry.maxDelayMs, 0, false)
  atLeast('retry.jitter', policy.retry.jitter, 0, false, 1)
  atLeast('retry.holdUpToMs', policy.retry.holdUpToMs, 0, false)
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  if (policy.consumerGroup !== undefined) assertGroup(policy.consumerGroup)
  if (policy.dlqTopic !== undefined) assertTopic(policy.dlqTopic)
}

function idempotencyIssues({ idempotency, consumerGroup, autoAck }: SubscriptionPolicy): ConfigIssue[] {
  if (idempotency === undefined) return []
  const name = 'idempotency'
  const problems: string[] = []
  if (typeof idempotency.store?.claim !== 'function') problems.push('its store is not an IdempotencyStore')
  if (consumerGroup === undefined) problems.push('it needs a consumerGroup, by which it is remembered')
  if (!autoAck) problems.push('it needs autoAck: it must know when the handler is done')
  return problems.map((problem) => ({ name, problem }))
}
