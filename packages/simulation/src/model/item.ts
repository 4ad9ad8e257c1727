import type { Progress } from '../oracle/progress.ts'
import type { Group } from './group.ts'
import type { Loan } from './loan.ts'
import type { Slot } from './slot.ts'
import type { Stored } from './stored.ts'

/** A message as one group sees it. */
export interface Item {
  readonly stored: Stored
  readonly group: Group
  /** Where its key (or its partition) belongs; `undefined`: anyone may have it. */
  readonly slot: Slot | undefined
  state: 'waiting' | 'lent' | 'done'
  loan: Loan | undefined
  note: string | undefined
  /** Loans that ended with the death of their process after a start. */
  redeliveries: number
  /** Comes from a dead member. */
  orphan: boolean
  /** Something that was to be recorded of it was not, and its member does not know. */
  stuck: boolean
  /** What a next loan has to go on from, as the oracle sees it. */
  base: Progress
}
