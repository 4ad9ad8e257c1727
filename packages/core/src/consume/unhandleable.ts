import type { FailureKind } from '../events.ts'

/** The event can never be handled: it is none, it does not fit, or the handler had it dead-lettered. */
export class Unhandleable extends Error {
  readonly kind: FailureKind
  /** Whatever `useDLQ` says. */
  readonly forced: boolean

  constructor(kind: FailureKind, cause: unknown, forced: boolean = false) {
    super('cannot be handled', { cause })
    this.kind = kind
    this.forced = forced
  }
}
