/** Names in lower case; values are text. Both survive every backend unchanged. */
export type Headers = Readonly<Record<string, string>>

/** What travels: bytes, headers and routing. An adapter never looks inside `body`. */
export interface Message {
  /** As the application names it; a prefix, where the backend is shared, is the adapter's business. */
  readonly topic: string
  /** Messages of one key keep their order within a group. Absent: no order is asked for. Never the empty string. */
  readonly key?: string | undefined
  /** Usually empty: the envelope is in `body`. */
  readonly headers: Headers
  /**
   * UTF-8 text, or bytes. May be computed on first access, so read it once and only when it is needed.
   * Not to be changed after it was handed to {@link EventBusAdapter.publish}.
   */
  readonly body: string | Uint8Array
  /**
   * Epoch milliseconds. An adapter may hold the message until then (never longer than it must);
   * the core waits out whatever is left on delivery.
   */
  readonly notBefore?: number | undefined
  /**
   * `kept`: outside the ordinary retention of history. The message stays until it is removed on purpose
   * or until the adapter's own, longer retention for kept messages ends. In an internal topic it can be read at least as
   * long as any kept message that was stored before it: it says what became of that one.
   */
  readonly retention?: 'kept' | undefined
}

/** A message as a backend keeps it. */
export interface StoredMessage extends Message {
  readonly body: Uint8Array
  /**
   * Opaque; ordered by plain text comparison within one topic; accepted back as {@link ReadRange.after} and as a
   * start position.
   */
  readonly position: string
  /** Epoch milliseconds by the backend's clock. */
  readonly storedAt: number
  /**
   * Only where the log is this very process: the object that was handed to `publish`, so that the core can use
   * what it already knows instead of decoding `body`.
   */
  readonly origin?: Message | undefined
}
