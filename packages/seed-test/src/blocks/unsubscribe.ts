import type { EventBus } from '@bus/core'

export async function unsubscribe(eventBus: EventBus, subscriptionId: string): Promise<void> {
  await eventBus.unsubscribe(subscriptionId)
}
