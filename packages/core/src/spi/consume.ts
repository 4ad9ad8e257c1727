import type { Message, StoredMessage } from './message.ts'

/**
 * `'latest'`: what is published from now on. A date: what was stored at or after it. `position`: what comes after it;
 * `consume` rejects with a `ConfigInvalidError` if it is none of this adapter.
 */
export type StartFrom = 'latest' | 'earliest' | Date | { readonly position: string }

/** Where a group that never consumed `topic` begins. A group that did goes on where it was. */
export interface ConsumeTopic {
  readonly topic: string
  readonly startFrom: StartFrom
}

export interface ConsumeOptions {
  /**
   * The first one is what the subscription is about; a second one is the group's own and is consumed along with it.
   * All members of a group name the same topics. Topics that do not exist yet are created or waited for.
   */
  readonly topics: readonly ConsumeTopic[]
  /**
   * Members of one group share the messages; the group's position outlives its members.
   * Absent: this consumer gets every message stored after `consume()` resolved, and the backend remembers nothing.
   */
  readonly group?: string | undefined
  /**
   * Called before the backend moves work to another member (a rebalance): gives back those of `open` that were not
   * started, waits for the running ones, and resolves when none of `open` is unsettled, or when `signal` aborts.
   * The adapter records what was settled and only then lets go. While it runs, none of the work concerned is lent.
   */
  readonly handover?: ((open: readonly Delivery[], signal: AbortSignal) => Promise<void>) | undefined
}

/**
 * `joining`: will deliver, does not yet. `ready`: delivers. `failing`: cannot deliver at the moment, tries again.
 */
export interface ConsumerState {
  readonly status: 'joining' | 'ready' | 'failing'
  readonly reason?: string | undefined
}

export interface Consumer {
  /**
   * Resolves with 1 to `max` deliveries as soon as there is one, or with none once `signal` aborts or the consumer
   * closes. Called again only when the core has room, one call at a time: an adapter needs no flow control of its own.
   * Messages of one key are lent in order, and never to two members at once.
   *
   * Rejects when the backend fails; the core waits a little and calls again.
   */
  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]>
  readonly state: ConsumerState
  /**
   * Records what was acknowledged, gives back every open delivery (at no charge) and leaves the group, at once for
   * the other members. Idempotent.
   */
  close(): Promise<void>
}

/**
 * A message on loan to one consumer until it is acknowledged, released, or the consumer closes.
 * Keeping the loan alive meanwhile is the adapter's business.
 */
export interface Delivery {
  readonly message: StoredMessage
  /**
   * Earlier loans of this message that ended with the death of their process (not by release, close, hand-over,
   * reconnect or rebalance), as far as the backend can tell.
   */
  readonly redeliveries: number
  /** What the last `release` left with it. */
  readonly note?: string | undefined
  /**
   * Done for good, in any order across deliveries. Resolves when it is recorded, or will be recorded before
   * `Consumer.close` resolves; many may share one promise. A no-op once the loan is settled or lost.
   */
  ack(): Promise<void>
  /**
   * Gives it back: the group gets it again soon, at no charge, its key's order kept, with `note` (short text).
   * Without `note` the next loan carries none, whatever note this one had; closing keeps it. A released delivery stays
   * open in the backend until it is given out again. A no-op once settled or lost.
   */
  release(note?: string): Promise<void>
  /**
   * Stores `copy` and acknowledges this delivery in one atomic step, where the backend can.
   * Rejects like `publish`, and the loan is then still open; with a `LoanLostError`, and nothing is stored, if the loan
   * is settled or lost.
   */
  forward?(copy: Message): Promise<void>
}
