import type { EventSchemas } from '../events.ts'
import type { EventBusAdapter } from '../spi/adapter.ts'
import type { Clock } from '../util/clock.ts'
import type { Hooks } from './hooks.ts'

/** What subscriptions need of the bus they belong to. */
export interface ConsumeHost {
  /** Identifies the bus to code that runs inside its handlers. */
  readonly bus: object
  readonly adapter: EventBusAdapter
  readonly clock: Clock
  readonly hooks: Hooks
  readonly schemas: EventSchemas | undefined
  readonly deferrals: Deferrals
}

/**
 * Copies on their way to a retry topic and back, as long as this process reads it. Counted only where that way lies
 * inside this process.
 */
export class Deferrals {
  readonly #local: boolean
  readonly #counts = new Map<string, number>()
  readonly #readers = new Map<string, number>()

  constructor(local: boolean) {
    this.#local = local
  }

  get count(): number {
    let sum = 0
    for (const count of this.#counts.values()) sum += count
    return sum
  }

  opened(retryTopic: string): void {
    if (this.#local) this.#readers.set(retryTopic, (this.#readers.get(retryTopic) ?? 0) + 1)
  }

  /** What nobody here reads any more will not come back. */
  closed(retryTopic: string): void {
    const left = (this.#readers.get(retryTopic) ?? 1) - 1
    if (left > 0) return void this.#readers.set(retryTopic, left)
    this.#readers.delete(retryTopic)
    this.#counts.delete(retryTopic)
  }

  add(retryTopic: string): void {
    if (this.#readers.has(retryTopic)) this.#counts.set(retryTopic, (this.#counts.get(retryTopic) ?? 0) + 1)
  }

  remove(retryTopic: string): void {
    const left = (this.#counts.get(retryTopic) ?? 0) - 1
    if (left > 0) this.#counts.set(retryTopic, left)
    else this.#counts.delete(retryTopic)
  }
}
