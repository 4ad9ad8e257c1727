/** What became of the deliveries of one subscription, in this process. */
export interface Counters {
  /** Starts of the handler. */
  delivered: number
  succeeded: number
  /** Starts that failed. */
  failed: number
  /** Failures after which the event is handled again. */
  retried: number
  deadLettered: number
  givenUp: number
}

export function newCounters(): Counters {
  return { delivered: 0, succeeded: 0, failed: 0, retried: 0, deadLettered: 0, givenUp: 0 }
}
