import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBusAdapter } from '@bus/core'

/** Tells when as many steps were made as were asked for. */
export class Countdown {
  #left = 0
  #finish: () => void = () => {}

  from(count: number): Promise<void> {
    this.#left = count
    return new Promise((resolve) => (this.#finish = resolve))
  }

  step(): void {
    if (--this.#left === 0) this.#finish()
  }
}

/** Looks seldom: what it asks is counted, too. */
export async function allAcknowledged(adapter: EventBusAdapter, topic: string, group: string): Promise<void> {
  for (;;) {
    const state = await adapter.inspect(topic, group)
    if (state !== undefined && state.lag + state.pending === 0) return
    await sleep(100)
  }
}
