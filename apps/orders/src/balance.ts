import type { EventBus, EventBusAdapter } from '@bus/core'
import type { ShopEvents } from './events.ts'

/** What has become of the orders that the payment service was to charge. */
export interface Balance {
  readonly published: number
  readonly handled: number
  readonly dead: number
  readonly pending: number
}

/** By the ids that are on record; of what is pending, the backend tells the number. */
export async function paymentBalance(bus: EventBus<ShopEvents>, adapter: EventBusAdapter): Promise<Balance> {
  const [published, handled] = [new Set<string>(), new Set<string>()]
  for await (const { metadata } of bus.history('orders', { type: 'order.placed' })) published.add(metadata.eventId)
  for await (const { payload } of bus.history('payments')) handled.add(payload.order.orderId)
  const { items } = await bus.deadLetters.list({ dlqTopic: 'payments.failed', limit: 10_000 })
  const dead = new Set(items.map(({ event }) => event?.metadata.eventId))
  const groups = await Promise.all(['orders', 'orders.payment.retry'].map((topic) => adapter.inspect(topic, 'payment')))
  const pending = groups.reduce((sum, group) => sum + (group?.lag ?? 0) + (group?.pending ?? 0), 0)
  return { published: published.size, handled: handled.size, dead: dead.size, pending }
}

export function balances({ published, handled, dead, pending }: Balance): boolean {
  return published === handled + dead + pending
}
