import { EventBus } from '@bus/core'
import { expect, it } from 'vitest'
import { InMemoryAdapter } from '../src/index.ts'

it('settled() does not wait for what was deferred to a group that nobody here reads any more', async () => {
  const bus = new EventBus(new InMemoryAdapter(), 'test', { ownsAdapter: true })
  const deferred = new Promise<void>((resolve) => bus.on('retry', () => resolve()))
  const id = await bus.subscribe(
    'orders',
    () => {
      throw new Error('not yet')
    },
    { consumerGroup: 'g', retry: { initialDelayMs: 60_000, holdUpToMs: 0 } },
  )
  await bus.publish('orders', 'created', {})
  await deferred
  await bus.unsubscribe(id)
  await bus.settled()
  expect(await bus.getStats()).toMatchObject({ activeSubscriptions: 0, inFlightEvents: 0 })
  await bus.close()
})
