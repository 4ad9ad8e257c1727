import { deliver } from '../post-office.ts'
import { deadLetterOf, noteOf } from './dead-letter.ts'
import type { Service, Shop } from './service.ts'

/** Tells customers how their orders ended. A mailbox that is busy holds up nobody else's mail, nor the customer's next. */
export async function startMailService({ bus, report }: Shop): Promise<Service> {
  await bus.subscribe(
    'orders',
    async ({ type, payload: order }, { attempt }) => {
      await deliver(order, attempt)
      report('mailed', order, { note: type === 'order.paid' ? 'your receipt' : 'your order was cancelled' })
    },
    {
      consumerGroup: 'mail',
      types: ['order.paid', 'order.cancelled'],
      startFrom: 'earliest',
      concurrency: 4,
      ordered: false,
      retry: { initialDelayMs: 30, jitter: 0 },
      useDLQ: true,
    },
  )

  // Where dead letters go unless `dlqTopic` says otherwise: <topic>.<group>.dlq.
  await bus.subscribe(
    'orders.mail.dlq',
    (event) => {
      const deadLetter = deadLetterOf('orders.mail.dlq', event)
      report('dead', event.payload, { note: noteOf(deadLetter), deadLetter })
    },
    { consumerGroup: 'mail', startFrom: 'earliest' },
  )
  return {}
}
