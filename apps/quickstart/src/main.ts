import assert from 'node:assert/strict'
import { createEventBus } from '@bus/core'

interface Order {
  orderId: string
  cents: number
}

/** Topic → type → payload. The compiler checks every publish and every handler against this. */
interface Events {
  orders: { 'order.placed': Order }
  'orders.failed': { 'order.placed': Order }
}

const bus = await createEventBus<Events>({ source: 'quickstart', adapter: 'memory' })
const shipped: string[] = []
const dead: string[] = []

await bus.subscribe(
  'orders',
  ({ payload: { orderId, cents } }, { attempt }) => {
    console.log(`shipping  ${orderId}  start ${attempt}`)
    if (cents < 0) throw new Error('the price is negative')
    if (orderId === 'o-2' && attempt < 3) throw new Error('the printer is busy')
    shipped.push(orderId)
  },
  { maxRetries: 3, retry: { initialDelayMs: 50 }, useDLQ: true, dlqTopic: 'orders.failed' },
)

await bus.subscribe('orders.failed', ({ payload, metadata }) => {
  console.log(`dead      ${payload.orderId}  after ${metadata.attempts} starts: ${metadata.failureReason}`)
  dead.push(payload.orderId)
})

bus.on('retry', ({ attempts, delayMs, error }) => {
  console.log(`retry     start ${attempts} failed (${String(error)}), again in ${delayMs} ms`)
})

await bus.publish('orders', 'order.placed', { orderId: 'o-1', cents: 1250 })
await bus.publish('orders', 'order.placed', { orderId: 'o-2', cents: 990 }) // fails twice, then succeeds
await bus.publish('orders', 'order.placed', { orderId: 'o-3', cents: -1 }) // fails for good

await bus.settled() // all that is due is done, retries included
await bus.close()

assert.deepEqual({ shipped, dead }, { shipped: ['o-1', 'o-2'], dead: ['o-3'] })
console.log(`done      shipped ${shipped.join(', ')}; dead ${dead.join(', ')}`)
