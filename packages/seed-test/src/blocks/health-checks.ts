/* oxlint-disable no-console -- as the example has it */
import type { EventBus } from '@bus/core'

export async function healthChecks(eventBus: EventBus): Promise<void> {
  const isHealthy = await eventBus.isHealthy()

  if (!isHealthy) {
    console.error('Event bus is unhealthy!')
  }

  const stats = await eventBus.getStats()
  console.log('Stats:', {
    adapter: stats.adapter,
    isHealthy: stats.isHealthy,
    publishedEvents: stats.publishedEvents,
    activeSubscriptions: stats.activeSubscriptions,
  })
}
