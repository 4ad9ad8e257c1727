import { ClosedError } from '../errors.ts'
import type { Consumer, Delivery } from '../spi/consume.ts'
import type { Clock } from '../util/clock.ts'
import { wait } from '../util/wait.ts'

export interface PumpHost {
  /** How many more deliveries fit; 0 until it is worth asking again. */
  room(): number
  admit(deliveries: readonly Delivery[]): void
  failed(error: unknown): void
}

// After this many events that came without a pause, timers and I/O get a turn.
const burst = 2_000
const firstPauseMs = 50
const longestPauseMs = 2_000

/** The one loop that takes deliveries from an adapter: only when there is room, slower while the backend fails. */
export class Pump {
  readonly #clock: Clock
  readonly #host: PumpHost
  #wake: (() => void) | undefined

  constructor(clock: Clock, host: PumpHost) {
    this.#clock = clock
    this.#host = host
  }

  async run(consumer: Consumer, signal: AbortSignal): Promise<void> {
    let pauseMs = firstPauseMs
    let unbroken = 0
    while (!signal.aborted) {
      const room = this.#host.room()
      if (room === 0) {
        await this.#roomy(signal)
        continue
      }
      try {
        const deliveries = await consumer.pull(room, signal)
        if (deliveries.length === 0) {
          if (signal.aborted) return
          // Its adapter was closed under it. Said only if the bus is not being closed as well.
          if (pauseMs > firstPauseMs) this.#host.failed(new ClosedError('The consumer'))
          await wait(this.#clock, pauseMs, signal, true)
          pauseMs = Math.min(pauseMs * 2, longestPauseMs)
          continue
        }
        this.#host.admit(deliveries)
        pauseMs = firstPauseMs
        unbroken = deliveries.length === room ? unbroken + room : 0
      } catch (error) {
        if (signal.aborted) return
        this.#host.failed(error)
        await wait(this.#clock, pauseMs, signal)
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      }
      if (unbroken >= burst) {
        unbroken = 0
        await this.#clock.breathe()
      }
    }
  }

  /** There may be room again. */
  wake(): void {
    if (this.#wake !== undefined && this.#host.room() > 0) this.#wake()
  }

  #roomy(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wake = undefined
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#wake = done
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
