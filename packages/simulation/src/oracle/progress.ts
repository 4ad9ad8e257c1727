/** Where an event stands in its row of attempts. */
export interface Progress {
  /** Number of the next start. */
  readonly attempt: number
  /** Epoch milliseconds: no start before. */
  readonly earliest: number
  readonly firstFailureAt: number | undefined
  /** Starts so far, also of what this is a copy of; those aside that no rule charges. */
  readonly starts: number
  /** Deaths of its process before it was copied to where it is. */
  readonly deaths: number
}
