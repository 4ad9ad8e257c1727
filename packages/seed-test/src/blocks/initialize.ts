import { createEventBus, type EventBus } from '@bus/core'

export async function initialize(): Promise<EventBus> {
  const eventBus = await createEventBus()

  return eventBus
}

export async function initializeWithName(): Promise<EventBus> {
  const eventBus = await createEventBus('my-service')

  return eventBus
}
