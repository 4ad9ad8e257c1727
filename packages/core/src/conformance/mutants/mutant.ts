import type { ConsumeOptions, EventBusAdapter } from '../../spi/index.ts'
import type { Needs } from '../case.ts'
import { decorate } from '../support/decorate.ts'

/** A good adapter, broken on purpose: the suite is only worth something if it rejects it. */
export interface Mutant {
  /** What it does wrong. */
  readonly name: string
  /** How somebody comes to write such a thing. */
  readonly reason: string
  /** It can only be made of adapters of which these facts are true; on others there is nothing to break. */
  readonly needs?: Needs
  /** Cases that reject it; more of them do. */
  readonly killedBy: readonly string[]
  /** Several adapters of one subject are broken one by one. */
  make(good: EventBusAdapter): EventBusAdapter
}

/** What a mutant does on the side may well fail, and nobody is to hear of it. */
export function unheard(promise: Promise<unknown>): void {
  promise.catch(() => undefined)
}

/** Changes what consumers are asked to consume. */
export function consuming(good: EventBusAdapter, change: (options: ConsumeOptions) => ConsumeOptions): EventBusAdapter {
  return decorate(good, { consume: (options) => good.consume(change(options)) })
}
