// `instanceof` alone would miss errors made by another copy of this package.
function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

/** Thrown by a handler: trying again cannot help; the event is dead-lettered (or given up) now. */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError'

  static is(error: unknown): error is NonRetryableError {
    return error instanceof NonRetryableError || isNamed(error, 'NonRetryableError')
  }
}

/** Thrown by a handler: try again after this time instead of the computed one. It counts as a start like any other. */
export class RetryAfterError extends Error {
  override readonly name: string = 'RetryAfterError'
  /** Milliseconds. */
  readonly delayMs: number

  constructor(delayMs: number, message: string = `try again in ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }

  static is(error: unknown): error is RetryAfterError {
    return error instanceof RetryAfterError || (isNamed(error, 'RetryAfterError') && 'delayMs' in (error as object))
  }
}
