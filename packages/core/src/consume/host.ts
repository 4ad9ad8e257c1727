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

/** Copies on their way to a retry topic and back. Counted only where that way lies inside this process. */
export class Deferrals {
  readonly #local: boolean
  #count = 0

  constructor(local: boolean) {
    this.#local = local
  }

  get count(): number {
    return this.#count
  }

  add(): void {
    if (this.#local) this.#count++
  }

  remove(): void {
    if (this.#count > 0) this.#count--
  }
}
