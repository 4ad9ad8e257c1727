import type { FailureKind } from '../events.ts'
import { backoff, type RetryPolicy } from './backoff.ts'
import { NonRetryableError, RetryAfterError } from './signals.ts'

/** What is done about a failed event. */
export type Verdict =
  /** Wait with the event in hand, then handle it again. */
  | { readonly kind: 'hold'; readonly delayMs: number }
  /** A copy to the group's retry topic. */
  | { readonly kind: 'defer'; readonly delayMs: number }
  /** A copy to the dead letter topic. */
  | { readonly kind: 'bury'; readonly reason: FailureKind }
  /** No dead letter queue: count it, say so, let it go. */
  | { readonly kind: 'giveUp'; readonly reason: FailureKind }

export interface FailurePolicy {
  readonly maxRetries: number
  readonly useDLQ: boolean
  readonly retry: RetryPolicy
  readonly maxDeliveries: number
}

/** What else there is to know when an event failed. */
export interface Situation {
  /** Number of the start that failed, from 1. */
  readonly attempt: number
  /** Later events of its key must wait for it. */
  readonly blocksKey: boolean
  /** It has a key, but its later events need not wait (`ordered: false`). */
  readonly unordered: boolean
  /** There is a retry topic. */
  readonly grouped: boolean
  /** Half of the window waits in hand already. */
  readonly crowded: boolean
  /** From 0 to 1, for jitter. */
  readonly chance: number
}

/** Pure: no clock, no I/O, no state. */
export function judge(error: unknown, policy: FailurePolicy, situation: Situation): Verdict {
  if (NonRetryableError.is(error)) return end('rejected', policy)
  if (situation.attempt > policy.maxRetries) return end('exhausted', policy)
  const delayMs = askedFor(error) ?? backoff(situation.attempt, policy.retry, situation.chance)
  return { kind: mayHold(delayMs, policy, situation) ? 'hold' : 'defer', delayMs }
}

/** An event whose process died while it was handled, `redeliveries` times. `undefined`: it may be tried again. */
export function judgeCrashes(redeliveries: number, policy: FailurePolicy): Verdict | undefined {
  return redeliveries >= policy.maxDeliveries ? end('crashed', policy) : undefined
}

/** The event is no longer tried. */
export function end(reason: FailureKind, { useDLQ }: Pick<FailurePolicy, 'useDLQ'>): Verdict {
  return { kind: useDLQ ? 'bury' : 'giveUp', reason }
}

/** What a handler reads out of an answer (`Retry-After: Wed, 21 Oct`) may be no time at all. */
function askedFor(error: unknown): number | undefined {
  return RetryAfterError.is(error) && Number.isFinite(error.delayMs) ? Math.max(0, error.delayMs) : undefined
}

function mayHold(
  delayMs: number,
  { retry }: FailurePolicy,
  { blocksKey, unordered, grouped, crowded }: Situation,
): boolean {
  if (!grouped || blocksKey) return true
  return !unordered && !crowded && delayMs <= retry.holdUpToMs
}
