// Compiled, never run: options of adapters are known to the core through the packages that bring them.
import type {} from '@bus/adapter-kafka'
import type {} from '@bus/adapter-memory'
import type {} from '@bus/adapter-redis'
import { createEventBus, createEventBusAdapter } from '@bus/core'

export async function choosing(): Promise<void> {
  await createEventBusAdapter({ adapter: 'memory', memory: { maxHistorySize: 1 } })
  await createEventBusAdapter({ adapter: 'redis', redis: { host: 'localhost', port: 6379, tls: true } })
  await createEventBusAdapter({ adapter: 'kafka', kafka: { brokers: ['localhost:9092'] } })
  await createEventBus({ memory: {}, source: 'x' })
  // @ts-expect-error -- no such option
  await createEventBusAdapter({ adapter: 'memory', memory: { maxHistory: 1 } })
  // @ts-expect-error -- an option of another type
  await createEventBusAdapter({ adapter: 'redis', redis: { port: '6379' } })
  // @ts-expect-error -- an option that is needed is missing
  await createEventBus({ adapter: 'kafka', kafka: {} })
  // @ts-expect-error -- no such adapter
  await createEventBusAdapter({ adapter: 'nats', nats: {} })
}
