import type { BaseEvent, EventBus } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  handleStateChange(payload: { to: string }): Promise<void>
  handleHighPriority(event: BaseEvent): Promise<void>
  auditAdminAction(event: BaseEvent): Promise<void>
}

export async function eventFiltering(open: Open): Promise<void> {
  const { eventBus, handleStateChange, handleHighPriority, auditAdminAction } = open

  await eventBus.subscribe('all.events', async (event) => {
    if (event.type === 'issue.state.changed') {
      await handleStateChange(event.payload)
    }

    if (event.payload.priority === 'high') {
      await handleHighPriority(event)
    }

    if (event.metadata.userId === 'admin') {
      await auditAdminAction(event)
    }
  })
}
