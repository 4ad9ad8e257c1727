import type { Counters } from './counters.ts'
import type { ConsumeHost } from './host.ts'
import type { Job } from './job.ts'
import type { SubscriptionPolicy } from './subscription-policy.ts'

/** What a subscription does with its jobs once a verdict is there. */
export interface FailureHost extends ConsumeHost {
  readonly topic: string
  readonly policy: SubscriptionPolicy
  readonly counters: Counters
  /** Aborts when waiting has to end. */
  readonly signal: AbortSignal
  /** Half of the window waits in hand. */
  readonly crowded: boolean
  hold(job: Job, delayMs: number): void
  done(job: Job): void
  giveBack(job: Job): void
}
