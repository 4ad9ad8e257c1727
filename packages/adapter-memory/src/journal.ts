import type { Message } from '@bus/core/spi'

/** Where what becomes of one group is written down. It happens at once; the record follows soon. */
export interface GroupBook {
  settled(sequence: number): void
  noted(sequence: number, note: string | undefined): void
  deleted(): void
}

/** A step that must be on disk before it happens. */
export interface Step {
  /** What is stored by it. */
  readonly messages: readonly Message[]
  readonly storedAt: number
  /** By index: the number under which a message waits for its time, or `undefined` if it takes its place now. */
  readonly orders?: readonly (number | undefined)[]
  /** What is settled by it. */
  readonly loan?: { readonly book: GroupBook | undefined; readonly sequence: number } | undefined
  /** Called when it is on disk, in the order in which steps were handed over. */
  happen(): void
  /** Called instead if it was not stored. */
  refused(): void
}

/** Keeps what memory holds, so that it outlives the process. */
export interface Journal {
  /** Rejects with a `PublishError`. */
  take(step: Step): Promise<void>
  /** What was delayed under these numbers takes its places. */
  takeDue(orders: readonly number[], step: Omit<Step, 'messages' | 'orders' | 'loan'>): void
  group(topic: string, name: string, crew: object, cursor: number): GroupBook
  cleared(topic: string, floor: number): void
  /** Resolves when everything until now is recorded. */
  flush(): Promise<void>
}
