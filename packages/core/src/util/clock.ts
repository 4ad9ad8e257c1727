import { randomUUID } from 'node:crypto'

/** Everything that makes a run differ from the next: time, timers, chance. One place, so that a simulation can own it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls `callback` once after `ms`, never earlier; the returned function cancels it. Keeps the process alive until then, unless in the `background`. */
  timer(ms: number, callback: () => void, background?: boolean): () => void
  /** Lets timers and I/O have a turn. */
  breathe(): Promise<void>
  /** From 0 (inclusive) to 1 (exclusive). */
  random(): number
  uuid(): string
}

// Node fires at once what is further away than 31 bits say.
const longestTimer = 2_147_483_646

export const systemClock: Clock = {
  now: () => Date.now(),
  timer(ms, callback, background = false) {
    if (ms > longestTimer) {
      let cancel = systemClock.timer(
        longestTimer,
        () => {
          cancel = systemClock.timer(ms - longestTimer, callback, background)
        },
        background,
      )
      return () => cancel()
    }
    // Node counts in whole milliseconds of its own and would be up to one early.
    const timer = setTimeout(callback, ms <= 0 ? 0 : Math.ceil(ms) + 1)
    if (background) timer.unref()
    return () => clearTimeout(timer)
  },
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
  random: Math.random,
  uuid: () => randomUUID(),
}
