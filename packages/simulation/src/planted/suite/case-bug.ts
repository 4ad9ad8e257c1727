import type { Bug } from '../bug.ts'

/** A bug that a case of the conformance suite finds. */
export interface CaseBug extends Bug {
  /** The name of the case, or how it begins. */
  readonly foundBy: string
}
