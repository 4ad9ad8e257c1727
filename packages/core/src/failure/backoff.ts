/** When a failed event is handled again. */
export interface RetryOptions {
  /** Delay after the first failure, in milliseconds; default 200. */
  readonly initialDelayMs?: number | undefined
  /** Each further delay is this many times the one before; default 2. */
  readonly factor?: number | undefined
  /** No delay is longer (before jitter), in milliseconds; default 30,000. */
  readonly maxDelayMs?: number | undefined
  /** Each delay is lengthened by a random share of up to this, from 0 to 1; default 0.2. */
  readonly jitter?: number | undefined
  /**
   * Delays of events without a key are waited out with the event in hand up to this, in milliseconds; default 5,000.
   * Longer ones go to the group's retry topic, so that they outlive the process.
   */
  readonly holdUpToMs?: number | undefined
}

export type RetryPolicy = { readonly [Name in keyof RetryOptions]-?: number }

/** Milliseconds to wait after failure number `failures` (from 1); `chance` is from 0 to 1. */
export function backoff(failures: number, policy: RetryPolicy, chance: number): number {
  const { initialDelayMs, factor, maxDelayMs } = policy
  // Zero times a factor that has outgrown all numbers would be none.
  const delayMs = initialDelayMs === 0 ? 0 : initialDelayMs * factor ** (failures - 1)
  return lengthen(Math.min(maxDelayMs, delayMs), policy, chance)
}

/** Jitter only ever lengthens: an announced delay is never undercut. */
function lengthen(delayMs: number, { jitter }: RetryPolicy, chance: number): number {
  return Math.round(delayMs * (1 + jitter * chance))
}
