/* oxlint-disable no-console -- as the example has it */
import type { BaseEvent, EventBus } from '@bus/core'

export interface Alert {
  message: string
  originalEvent: BaseEvent
  failureReason: string | undefined
}

interface Open {
  readonly eventBus: EventBus
  processOrder(event: BaseEvent): Promise<void>
  sendAlert(alert: Alert): Promise<void>
}

export async function deadLetterQueue({ eventBus, processOrder, sendAlert }: Open): Promise<void> {
  await eventBus.subscribe('orders.processing', processOrder, {
    maxRetries: 3,
    useDLQ: true,
    dlqTopic: 'orders.failed',
  })

  await eventBus.subscribe('orders.failed', async (event) => {
    console.error('Failed order:', event)

    await sendAlert({
      message: 'Order processing failed',
      originalEvent: event,
      failureReason: event.metadata.failureReason,
    })
  })
}
