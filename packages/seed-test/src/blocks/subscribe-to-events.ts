/* oxlint-disable no-console -- as the example has it */
import { type EventBus, EventTopics } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  updateIssueInDatabase(issue: { issueId: string; to: string }): Promise<void>
}

export async function subscribeToEvents({ eventBus, updateIssueInDatabase }: Open): Promise<string> {
  const subscriptionId = await eventBus.subscribe(
    EventTopics.ISSUE_EVENTS,
    async (event) => {
      console.log('Received event:', event)

      if (event.type === 'issue.state.changed') {
        await updateIssueInDatabase(event.payload)
      }
    },
    {
      maxRetries: 3,
      useDLQ: true,
    },
  )

  return subscriptionId
}
