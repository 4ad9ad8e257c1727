import type { Stored } from '../model/stored.ts'

/** An event as the application knows it. */
export interface Fact {
  readonly id: string
  /** Its place in the plan: decides how handlers like it. */
  readonly number: number
  readonly topic: string
  readonly type: string
  readonly key: string | undefined
  /** Published with a delay: no order is promised then. */
  readonly delayed: boolean
  /** Why no handler ever sees it: it is no event at all, or it does not fit its schema. */
  readonly flaw: 'unreadable' | 'invalid' | undefined
  /** The event whose handler published this one. */
  readonly cause: string | undefined
  /** How often the backend has stored it. */
  stores: number
  /** Where it stands in its topic's log for the first time. */
  first: Stored | undefined
}
