// A bundled application has no packages to look adapters up in: it lists what it may use.
import assert from 'node:assert/strict'
import { createEventBus } from '@bus/core'

const bus = await createEventBus({
  source: 'bundled-app',
  adapters: {
    memory: () => import('@bus/adapter-memory'),
    redis: () => import('@bus/adapter-redis'),
    kafka: () => import('@bus/adapter-kafka'),
  },
})

const received = new Promise<unknown>((resolve, reject) => {
  bus
    .subscribe('bundled', (event) => {
      if (event.payload.id === process.pid) resolve(event.payload)
    })
    .then(() => bus.publish('bundled', 'thing.happened', { id: process.pid }))
    .catch(reject)
})

assert.deepEqual(await received, { id: process.pid })
await bus.close()
console.log(`received one event through ${process.env['EVENT_BUS_ADAPTER']}, bundled, on Node ${process.version}`)
