import type { Loan } from '../model/loan.ts'
import type { Subscription } from '../app/subscription.ts'
import type { Fact } from './fact.ts'

/** Why an attempt failed, and what that asks for. */
export interface Failure {
  readonly kind: 'error' | 'rejected' | 'after' | 'buried' | 'timeout'
  /** For `after`. */
  readonly delayMs?: number
  /** How the dead letter describes it. */
  readonly text: string
}

/** One start of a handler. */
export interface Attempt {
  readonly loan: Loan
  readonly subscription: Subscription
  readonly fact: Fact
  readonly number: number
  readonly startedWall: number
  readonly startedAt: number
  readonly signal: AbortSignal
  /** `cut`: given back at the deadline of a shutdown, its outcome does not count. */
  state: 'running' | 'succeeded' | 'failed' | 'cut'
  failure: Failure | undefined
  failedWall: number
  /** The bus has said that it is tried again. */
  announced: boolean
  /** Its loan was lost, its time was over, or its process gave it up: it may run beside others. */
  stray: boolean
  /** It succeeded when it had been given back already: what is acknowledged then is no loan any more. */
  lateAck: boolean
}

/** What has to become of an event whose attempt failed. */
export type Verdict =
  | { readonly kind: 'retry'; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: 'end'; readonly reason: string; readonly bury: boolean }

export function verdictOf({ failure, number, subscription }: Attempt): Verdict {
  const { maxRetries, useDLQ, retry } = subscription.policy
  if (failure === undefined) throw new Error('a verdict on an attempt that did not fail')
  if (failure.kind === 'buried') return { kind: 'end', reason: 'rejected', bury: true }
  if (failure.kind === 'rejected') return { kind: 'end', reason: 'rejected', bury: useDLQ }
  if (number > maxRetries) return { kind: 'end', reason: 'exhausted', bury: useDLQ }
  if (failure.kind === 'after')
    return { kind: 'retry', minMs: failure.delayMs as number, maxMs: failure.delayMs as number }
  const minMs = Math.min(retry.maxDelayMs, retry.initialDelayMs * retry.factor ** (number - 1))
  return { kind: 'retry', minMs, maxMs: Math.ceil(minMs * (1 + retry.jitter)) }
}
