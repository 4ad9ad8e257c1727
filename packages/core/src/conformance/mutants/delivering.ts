import type { Consumer, ConsumeOptions, Delivery, EventBusAdapter } from '../../spi/index.ts'
import { decorate, decorateConsumer, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import type { Mutant } from './mutant.ts'

const withConsumer =
  (change: (consumer: Consumer, options: ConsumeOptions) => Consumer) =>
  (good: EventBusAdapter): EventBusAdapter =>
    decorate(good, { consume: async (options) => change(await good.consume(options), options) })

const withDelivery =
  (change: (delivery: Delivery) => Delivery | undefined) =>
  (good: EventBusAdapter): EventBusAdapter =>
    decorateDeliveries(good, change)

export const deliveringMutants: readonly Mutant[] = [
  {
    name: 'acknowledges before the handler',
    reason: 'The client library does so unless told not to.',
    make: withDelivery((delivery) => {
      void delivery.ack()
      return delivery
    }),
  },
  {
    name: 'drops what is released',
    reason: 'Giving back is implemented as acknowledging.',
    make: withDelivery((delivery) => decorateDelivery(delivery, { release: () => delivery.ack() })),
  },
  {
    name: 'keeps what is released until the consumer closes',
    reason: 'Only a restart reads the open ones again.',
    make: withDelivery((delivery) => decorateDelivery(delivery, { release: () => Promise.resolve() })),
  },
  {
    name: 'drops acknowledgements',
    reason: 'They are sent in the background, and that fails.',
    make: withDelivery((delivery) => decorateDelivery(delivery, { ack: () => Promise.resolve() })),
  },
  {
    name: 'forgets the note of a release',
    reason: 'There was no place to keep it.',
    make: withDelivery((delivery) =>
      decorateDelivery(delivery, { note: undefined, release: () => delivery.release() }),
    ),
  },
  {
    name: 'counts releases and closes as deaths',
    reason: "The backend's own counter of deliveries is handed through.",
    make(good) {
      const lent = new Map<string, number>()
      return decorateDeliveries(good, (delivery) => {
        const id = `${delivery.message.topic} ${delivery.message.position}`
        const times = lent.get(id) ?? 0
        lent.set(id, times + 1)
        return decorateDelivery(delivery, { redeliveries: times })
      })
    },
  },
  {
    name: 'passes over what is open below the newest acknowledgement',
    reason: 'One offset is committed, and it is the newest.',
    make: withConsumer((consumer) => {
      const open = new Set<Delivery>()
      let newest = ''
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          return (await consumer.pull(max, signal)).map((delivery) => {
            open.add(delivery)
            const ack = (): Promise<void> => {
              if (delivery.message.position > newest) newest = delivery.message.position
              open.delete(delivery)
              return delivery.ack()
            }
            return decorateDelivery(delivery, { ack, release: () => Promise.resolve() })
          })
        },
        async close() {
          for (const delivery of open) if (delivery.message.position < newest) void delivery.ack()
          await consumer.close()
        },
      })
    }),
  },
  {
    name: 'lets a late acknowledgement settle what was released',
    reason: 'Acknowledging goes by position, and asks nobody who holds the message now.',
    make(good) {
      const current = new Map<string, Delivery>()
      return decorateDeliveries(good, (delivery) => {
        const { position, topic } = delivery.message
        current.set(`${topic} ${position}`, delivery)
        const ack = (): Promise<void> => current.get(`${topic} ${position}`)?.ack() ?? Promise.resolve()
        const release = async (note?: string): Promise<void> => {
          await Promise.resolve()
          await delivery.release(note)
        }
        return decorateDelivery(delivery, { ack, release })
      })
    },
  },
  {
    name: 'takes a loan away from a live member',
    reason: 'The lease is short and nobody renews it.',
    make: withDelivery((delivery) => {
      setTimeout(() => void delivery.release(), 20).unref()
      return delivery
    }),
  },
  {
    name: 'delivers a batch in reverse',
    reason: 'A stack serves as the queue.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, { pull: async (max, signal) => (await consumer.pull(max, signal)).toReversed() }),
    ),
  },
  {
    name: 'returns more than was asked for',
    reason: 'What a fetch brings is handed over whole.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, { pull: (max, signal) => consumer.pull(max * 2, signal) }),
    ),
  },
  {
    name: 'ignores the signal of a pull',
    reason: 'The blocking read has no way to be woken.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, { pull: (max) => consumer.pull(max, new AbortController().signal) }),
    ),
  },
  {
    name: 'loses what arrives while a pull is aborted',
    reason: 'The answer of the blocking read comes too late, and goes nowhere.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, {
        async pull(max, signal) {
          const pulled = await consumer.pull(max, signal)
          await Promise.resolve()
          if (!signal.aborted) return pulled
          for (const delivery of pulled) void delivery.ack()
          return []
        },
      }),
    ),
  },
  {
    name: 'does not wake a pull that waits',
    reason: 'It looks for messages when it is called, and never again.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, {
        async pull(max, signal) {
          const look = new AbortController()
          const looking = consumer.pull(max, look.signal)
          look.abort()
          const pulled = await looking
          if (pulled.length > 0 || signal.aborted) return pulled
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          return []
        },
      }),
    ),
  },
  {
    name: 'never says that a consumer is ready',
    reason: 'The state is set on the way in, and not again.',
    make: withConsumer((consumer) => decorateConsumer(consumer, { state: { status: 'joining' } })),
  },
]
