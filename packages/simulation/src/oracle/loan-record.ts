import type { Attempt } from './attempt.ts'
import type { Progress } from './progress.ts'

/** What the oracle notes about a loan. */
export interface LoanRecord {
  progress: Progress
  readonly attempts: Attempt[]
  /** The core has it. */
  delivered: boolean
  /** It came before its time. */
  early: boolean
  /** What the core did with it. */
  settled: 'acknowledged' | 'released' | 'forwarded' | undefined
  /** What a copy says has been stored. */
  copied: boolean
  /** Its payload is or was looked at: it is at work, though its handler has not started. */
  validating: boolean
  /** Its slot is being taken back: since when, and whether the core has had a chance to know. */
  leaving: 'asked' | 'known' | undefined
}

export function newRecord(progress: Progress): LoanRecord {
  return {
    progress,
    attempts: [],
    delivered: false,
    early: false,
    settled: undefined,
    copied: false,
    validating: false,
    leaving: undefined,
  }
}
