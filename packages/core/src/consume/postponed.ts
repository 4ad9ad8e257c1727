/** Thrown around a handler that must not start yet: the event waits, at no charge. */
export class Postponed extends Error {
  /** For middleware that must not take it for a failure. */
  override readonly name = 'Postponed'
  readonly delayMs: number

  constructor(delayMs: number) {
    super('not now')
    this.delayMs = delayMs
  }
}
