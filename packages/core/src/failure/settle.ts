import { EventBusError } from '../errors.ts'
import type { Delivery } from '../spi/consume.ts'
import type { Message } from '../spi/message.ts'
import type { Clock } from '../util/clock.ts'
import { wait } from '../util/wait.ts'

export interface SettleHost {
  readonly clock: Clock
  publish(messages: readonly Message[]): Promise<void>
  /** A copy could not be stored; it is tried again. */
  copyFailed(error: unknown): void
}

const firstPauseMs = 100
const longestPauseMs = 5_000
// By then it is not a short break of the connection.
const triesInFull = 3

/** `lost`: another member has the event now, and with it the decision. `stopped`: the signal aborted, nothing was done. */
export type Settled = 'settled' | 'lost' | 'stopped'

/**
 * The only way a failed delivery leaves: its copy is stored, then it is acknowledged, never the other way round.
 * As long as the copy cannot be stored the delivery stays on loan; after some tries the `smaller` form is tried, if there is one.
 */
export async function settle(
  host: SettleHost,
  delivery: Delivery,
  whole: Message,
  signal: AbortSignal,
  smaller: () => Message = () => whole,
): Promise<Settled> {
  let copy = whole
  for (let pauseMs = firstPauseMs, tries = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs), tries++) {
    if (tries === triesInFull + 1) copy = smaller()
    try {
      if (delivery.forward === undefined) {
        await host.publish([copy])
        break
      }
      await delivery.forward(copy)
      return 'settled'
    } catch (error) {
      if (EventBusError.is(error) && error.code === 'BUS_LOAN_LOST') return 'lost'
      host.copyFailed(error)
    }
    await wait(host.clock, pauseMs, signal)
    if (signal.aborted) return 'stopped'
  }
  await delivery.ack()
  return 'settled'
}
