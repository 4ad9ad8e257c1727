// The smallest application: the adapter comes from EVENT_BUS_ADAPTER and is found by its name.
import assert from 'node:assert/strict'
import { createEventBus, type EventBus, EventTopics } from '@bus/core'

interface Orders {
  orders: { 'order.placed': { id: number; note: string } }
}

assert.equal(typeof EventTopics, 'object')
const bus: EventBus<Orders> = await createEventBus<Orders>('packed-app')

const payload = { id: process.pid, note: 'żółw 🐢' }
const received = new Promise<unknown>((resolve) => {
  void bus
    .subscribe('orders', (event) => {
      if (event.payload.id === payload.id) resolve(event.payload)
    })
    .then(() => bus.publish('orders', 'order.placed', payload))
})

assert.deepEqual(await received, payload)
assert.equal(await bus.isHealthy(), true)
await bus.close()
console.log(`received one event through ${process.env['EVENT_BUS_ADAPTER']} on Node ${process.version}`)
