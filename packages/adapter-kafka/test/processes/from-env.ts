// A program that knows nothing of its backend. Prints the event it has published and received.
import { createEventBus } from '@bus/core'

const topic = process.argv[2] ?? ''
const bus = await createEventBus()
const received = Promise.withResolvers<unknown>()
await bus.subscribe(topic, ({ type, payload }) => received.resolve({ type, payload }), { consumerGroup: 'g' })
await bus.publish(topic, 'order.placed', { id: 'o-1' })
const event = (await received.promise) as object
const { adapter } = await bus.getStats()
await bus.close()
process.stdout.write(JSON.stringify({ adapter, ...event }))
