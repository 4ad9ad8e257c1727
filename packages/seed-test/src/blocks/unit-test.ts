import { InMemoryAdapter } from '@bus/adapter-memory'
import { EventBus } from '@bus/core'
import type { expect as Expect } from 'vitest'

export async function unitTest(expect: typeof Expect): Promise<InMemoryAdapter> {
  const adapter = new InMemoryAdapter()
  const eventBus = new EventBus(adapter)

  await eventBus.publish('test.topic', 'test.event', { data: 'test' })

  const history = adapter.getHistory('test.topic')
  expect(history).toHaveLength(1)

  adapter.clearHistory()

  return adapter
}
