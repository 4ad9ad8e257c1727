import type { Clock } from './clock.ts'

/** Resolves after `ms`, or as soon as `signal` aborts. In the `background` it does not keep the process alive. */
export function wait(clock: Clock, ms: number, signal?: AbortSignal, background?: boolean): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.timer(ms, done, background)
    signal?.addEventListener('abort', done, { once: true })
  })
}
