import { DriverError, isTransient } from './driver/driver-error.ts'

/** Resolves early when `signal` aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}

export interface Patience {
  /** How long; default 15 s: topics and coordinators that are new answer with errors for a while. */
  readonly ms?: number
  readonly signal?: AbortSignal | undefined
  /** Told of each failure at once, for those who cannot wait for the last. */
  readonly failing?: ((error: unknown) => void) | undefined
}

/** Calls `work` again while it fails for reasons that pass. */
export async function persist<Result>(
  work: () => Promise<Result>,
  { ms = 15_000, signal, failing }: Patience = {},
): Promise<Result> {
  const start = Date.now()
  for (;;) {
    if (signal?.aborted === true) throw new DriverError('CLOSED', 'Given up.', false, { cause: signal.reason })
    try {
      return await work()
    } catch (error) {
      failing?.(error)
      const waited = Date.now() - start
      if (!isTransient(error) || waited >= ms) throw error
      await pause(Math.min(250, 20 + waited / 4), signal)
    }
  }
}

/** Settles with `work`, or rejects when `ms` have passed; `work` goes on and must be harmless then. */
export function within<Result>(work: Promise<Result>, ms: number, late: () => Error): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
