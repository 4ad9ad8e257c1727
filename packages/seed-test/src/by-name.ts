/* oxlint-disable no-console -- a program whose output is read */
import { createEventBus } from '@bus/core'

// An application of a few lines: which backend it runs on stands in the environment alone.
const bus = await createEventBus('by-name')
const handled = new Promise((resolve) => void bus.subscribe('greetings', ({ payload }) => resolve(payload)).then(greet))
const greeting: unknown = await handled
console.log(JSON.stringify({ greeting, adapter: (await bus.getStats()).adapter }))
await bus.close()

async function greet(): Promise<void> {
  await bus.publish('greetings', 'said', 'hello')
}
