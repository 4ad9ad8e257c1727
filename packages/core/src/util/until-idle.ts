import type { Clock } from './clock.ts'
import { wait } from './wait.ts'

/** Resolves when there is no work, and none has come of what was last done. */
export async function untilIdle(clock: Clock, idle: () => boolean): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    if (idle()) {
      quiet++
      await clock.breathe()
    } else {
      quiet = 0
      await wait(clock, 1)
    }
  }
}
