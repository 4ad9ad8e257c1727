import type { EventBus } from '@bus/core'
import type { Order, ShopEvents } from '../events.ts'
import type { Report } from '../fact.ts'

/** What a service has to work with. */
export interface Shop {
  readonly bus: EventBus<ShopEvents>
  readonly report: Report
}

export interface Service {
  /** Takes in new orders. Only the order service does. */
  place?(orders: readonly Order[]): Promise<void>
}
