import type { CompensationAction, Order } from '../events.ts'
import { deadLetterOf, noteOf } from './dead-letter.ts'
import type { Service, Shop } from './service.ts'

const group = { consumerGroup: 'order', startFrom: 'earliest', concurrency: 4, maxRetries: 10 } as const

/** Takes orders in and learns from the others how each of them ends. */
export async function startOrderService({ bus, report }: Shop): Promise<Service> {
  // A real one keeps this in its database.
  const ended = new Set<string>()

  async function end(order: Order, what: 'paid' | 'cancelled', reason: string = ''): Promise<void> {
    // At least once: the same news may come again.
    if (ended.has(order.orderId)) return
    const options = { key: order.customer, metadata: { eventId: `${order.orderId}.${what}` } }
    if (what === 'paid') await bus.publish('orders', 'order.paid', order, options)
    else await bus.publish('orders', 'order.cancelled', { ...order, reason }, options)
    ended.add(order.orderId)
    report(what, order, { note: what === 'paid' ? euros(order.cents) : reason })
  }

  const compensations: Readonly<Record<CompensationAction, (order: Order, reason: string) => Promise<void>>> = {
    cancelOrder: (order, reason) => end(order, 'cancelled', reason),
  }

  await bus.subscribe('payments', ({ payload: { order } }) => end(order, 'paid'), group)

  await bus.subscribe(
    'payments.failed',
    async (event) => {
      const { payload: order, metadata } = event
      const reason = metadata.failureReason ?? 'unknown'
      const deadLetter = deadLetterOf('payments.failed', event)
      report('dead', order, { note: noteOf(deadLetter), deadLetter })
      // Not the order's fault: it stays among the dead letters until an operator has it charged again.
      if (metadata.errorName === 'BankDownError') return
      const payload = {
        sagaId: order.orderId,
        failedStep: 'payment',
        compensationActions: ['cancelOrder'],
        order,
        reason,
      } as const
      await bus.publish('saga.failures', 'saga.compensation.required', payload, { key: order.customer })
    },
    group,
  )

  await bus.subscribe(
    'saga.failures',
    async ({ payload: { compensationActions, order, reason } }) => {
      for (const action of compensationActions) {
        report('compensate', order, { note: action })
        await compensations[action](order, reason)
      }
    },
    group,
  )

  return {
    async place(orders) {
      for (const order of orders) {
        const metadata = { eventId: order.orderId, correlationId: order.orderId }
        await bus.publish('orders', 'order.placed', order, { key: order.customer, metadata })
        report('placed', order, { note: `${order.item}, ${euros(order.cents)}` })
      }
    },
  }
}

function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`
}
