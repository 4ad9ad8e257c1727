import type { BaseEvent, EventBus } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  persistToDatabase(event: BaseEvent): Promise<void>
  processEvent(event: BaseEvent): Promise<void>
}

export async function eventSourcing({ eventBus, persistToDatabase, processEvent }: Open): Promise<() => Promise<void>> {
  const eventLog: BaseEvent[] = []

  await eventBus.subscribe('issue.events', async (event) => {
    eventLog.push(event)
    await persistToDatabase(event)
  })

  return async function replay() {
    for (const event of eventLog) {
      await processEvent(event)
    }
  }
}
