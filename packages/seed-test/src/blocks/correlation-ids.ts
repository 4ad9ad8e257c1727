import { randomUUID } from 'node:crypto'
import type { BaseEvent, EventBus } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  queryEventsByCorrelationId(correlationId: string): Promise<BaseEvent[]>
}

export async function correlationIds({ eventBus, queryEventsByCorrelationId }: Open): Promise<BaseEvent[]> {
  const correlationId = randomUUID()

  await eventBus.publish('issue.events', 'issue.created', { issueId: '123' }, { metadata: { correlationId } })

  await eventBus.publish(
    'execution.events',
    'execution.started',
    { executionId: '456', issueId: '123' },
    { metadata: { correlationId } },
  )

  const events = await queryEventsByCorrelationId(correlationId)

  return events
}
