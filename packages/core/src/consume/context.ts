/** What a handler is told beside the event. */
export interface HandlerContext {
  /** The topic that was subscribed to, also for a retry. */
  readonly topic: string
  readonly key: string | undefined
  /** Number of this start, from 1. */
  readonly attempt: number
  readonly consumerGroup: string | undefined
  /** Where the event is stored; accepted back as `startFrom`. */
  readonly position: string
  /** Aborts at the deadline of a shutdown, and at `timeoutMs`. */
  readonly signal: AbortSignal
  /** The event was delivered by a replay. */
  readonly replayed: boolean
  /**
   * For `autoAck: false`: the event is done. Resolves when that is recorded. Of the three, the first call counts.
   * Rejects with a `TimeoutError` after `timeoutMs`: the start has failed then, and the event is handled again.
   */
  ack(): Promise<void>
  /** For `autoAck: false`: as if the handler had thrown; with `delayMs` instead of the computed delay. */
  nack(options?: { readonly delayMs?: number | undefined }): Promise<void>
  /** For `autoAck: false`: to the dead letter topic now, whatever `useDLQ` says. */
  deadLetter(reason: string): Promise<void>
}

/** `event` is the handler's own copy: it may be changed. */
export type Handler<Event> = (event: Event, context: HandlerContext) => void | Promise<void>
