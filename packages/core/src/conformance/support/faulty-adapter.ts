import type { Delivery, EventBusAdapter, Message } from '../../spi/index.ts'
import { decorate, decorateConsumer } from './decorate.ts'

/** What is to go wrong: each decides, call by call, and answers with the error, or with nothing to let the call pass. */
export interface Faults {
  publish?: ((messages: readonly Message[]) => Error | undefined) | undefined
  consume?: ((topic: string) => Error | undefined) | undefined
  pull?: (() => Error | undefined) | undefined
  ack?: ((delivery: Delivery) => Error | undefined) | undefined
  release?: ((delivery: Delivery) => Error | undefined) | undefined
  ping?: (() => Error | undefined) | undefined
}

/** The same adapter, failing on demand. `faults` may be changed at any time. It has no `forward`: copies are published. */
export function faultyAdapter(adapter: EventBusAdapter, faults: Faults): EventBusAdapter {
  const fails = async (error: Error | undefined): Promise<void> => {
    if (error !== undefined) throw error
  }
  const delivery = (good: Delivery): Delivery => ({
    message: good.message,
    redeliveries: good.redeliveries,
    note: good.note,
    ack: () => fails(faults.ack?.(good)).then(() => good.ack()),
    release: (note) => fails(faults.release?.(good)).then(() => good.release(note)),
  })
  return decorate(adapter, {
    publish: (messages) => fails(faults.publish?.(messages)).then(() => adapter.publish(messages)),
    ping: (signal) => fails(faults.ping?.()).then(() => adapter.ping(signal)),
    consume: async (options) => {
      await fails(faults.consume?.(options.topics[0]?.topic ?? ''))
      const consumer = await adapter.consume(options)
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          await fails(faults.pull?.())
          return (await consumer.pull(max, signal)).map(delivery)
        },
      })
    },
  })
}
