import type { EventBusAdapter } from '../../spi/index.ts'

/** A good adapter, broken on purpose: the suite is only worth something if it rejects it. */
export interface Mutant {
  /** What it does wrong. */
  readonly name: string
  /** How somebody comes to write such a thing. */
  readonly reason: string
  /** Several adapters of one subject are broken one by one. */
  make(good: EventBusAdapter): EventBusAdapter
}
