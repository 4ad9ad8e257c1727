import type { BaseEvent, EventBus } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  processOrder(event: BaseEvent): Promise<void>
}

export async function consumerGroups({ eventBus, processOrder }: Open): Promise<void> {
  await eventBus.subscribe('orders.processing', processOrder, {
    consumerGroup: 'order-processors',
  })
}
