import { createEventBusAdapter as connect, EventBus } from '@bus/core'

export async function programmaticConfiguration(createEventBusAdapter: typeof connect = connect): Promise<EventBus> {
  const adapter = await createEventBusAdapter({
    adapter: 'redis',
    redis: {
      host: 'redis.example.com',
      port: 6379,
      password: 'secret',
      tls: true,
    },
    defaultSubscriptionOptions: {
      maxRetries: 5,
      useDLQ: true,
    },
  })

  const eventBus = new EventBus(adapter, 'my-service')

  return eventBus
}
