import type { EventBus } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  readonly logger: { info(message: string, fields: object): void }
}

export async function monitoring({
  eventBus,
  logger,
}: Open): Promise<() => { publishCount: number; errorCount: number }> {
  await eventBus.subscribe('*', async (event) => {
    logger.info('Event published', {
      type: event.type,
      eventId: event.metadata.eventId,
      correlationId: event.metadata.correlationId,
    })
  })

  let publishCount = 0
  let errorCount = 0

  const originalPublish = eventBus.publish.bind(eventBus)
  eventBus.publish = async (...args) => {
    publishCount++
    try {
      return await originalPublish(...args)
    } catch (error) {
      errorCount++
      throw error
    }
  }

  return () => ({ publishCount, errorCount })
}
