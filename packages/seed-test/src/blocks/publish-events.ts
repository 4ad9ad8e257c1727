import { type EventBus, EventTopics } from '@bus/core'

export async function publishEvents(eventBus: EventBus): Promise<void> {
  await eventBus.publish(
    EventTopics.ISSUE_EVENTS,
    'issue.state.changed',
    {
      issueId: '123',
      from: 'TODO',
      to: 'IN_PROGRESS',
    },
    {
      metadata: {
        correlationId: 'exec-456',
        userId: 'user-789',
      },
    },
  )
}
