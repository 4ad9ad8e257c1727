/* oxlint-disable no-console -- as the example has it */
import { createEventBus, type EventBus, EventTopics } from '@bus/core'

export async function migration(): Promise<EventBus> {
  const eventBus = await createEventBus()

  await eventBus.publish(EventTopics.PROJECT_EVENTS, 'project.created', { projectId: '123' })

  await eventBus.subscribe(EventTopics.PROJECT_EVENTS, async (event) => {
    if (event.type === 'project.created') {
      console.log(event.payload)
    }
  })

  return eventBus
}
