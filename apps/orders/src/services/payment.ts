import { charge } from '../bank.ts'
import type { Service, Shop } from './service.ts'

/** Charges what was ordered. What fails for good ends in `payments.failed`, where the order service looks after it. */
export async function startPaymentService({ bus, report }: Shop): Promise<Service> {
  await bus.subscribe(
    'orders',
    async ({ payload: order }, { attempt }) => {
      await charge(order, attempt)
      const metadata = { eventId: `${order.orderId}.captured` }
      await bus.publish('payments', 'payment.captured', { order }, { key: order.customer, metadata })
      report('charged', order, { note: attempt === 1 ? undefined : `at start ${attempt}` })
    },
    {
      consumerGroup: 'payment',
      types: ['order.placed'],
      startFrom: 'earliest',
      concurrency: 4,
      maxRetries: 3,
      retry: { initialDelayMs: 20, jitter: 0 },
      useDLQ: true,
      dlqTopic: 'payments.failed',
    },
  )
  return {}
}
