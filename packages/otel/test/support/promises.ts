// Prints how many promises 100 events take from publish() to their handler, and what they carry.
import { createHook } from 'node:async_hooks'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { EventBus } from '@bus/core'
import { otel } from '../../src/index.ts'
import { registerTracing } from './sdk.ts'

const how = process.argv[2]
if (how === 'traced') registerTracing()
const bus = new EventBus(new InMemoryAdapter(), 'test')
if (how !== 'without') otel(bus)
const keys = new Set<string>()
await bus.subscribe('orders', ({ metadata }) => {
  for (const key of Object.keys(metadata)) keys.add(key)
})
// What comes first does work that is done once.
await bus.publish('orders', 'order.placed', 0)
let promises = 0
const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && promises++) }).enable()
for (let n = 1; n <= 100; n++) await bus.publish('orders', 'order.placed', n)
hook.disable()
await bus.settled()
await bus.close()
process.stdout.write(JSON.stringify({ promises, keys: [...keys].toSorted() }))
