export interface Verdict {
  /** What the case says to the bug; `undefined`: it does not notice. */
  readonly found: string | undefined
  /** What it says without the bug. */
  readonly good: string | undefined
}
