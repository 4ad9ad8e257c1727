import type { Consumer, ConsumeOptions, Delivery, EventBusAdapter } from '../../spi/index.ts'
import { decorate, decorateConsumer, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import { type Mutant, unheard } from './mutant.ts'

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
    killedBy: [
      'after a close, what was not acknowledged comes again, and what was does not',
      'an event that was not settled comes again when its subscription has closed, and a late ack() changes nothing',
    ],
    make: withDelivery((delivery) => {
      unheard(delivery.ack())
      return delivery
    }),
  },
  {
    name: 'drops what is released',
    reason: 'Giving back is implemented as acknowledging.',
    killedBy: [
      'a released message comes again, at no charge, with its note',
      'a released message is not passed over when later ones are acknowledged',
    ],
    make: withDelivery((delivery) => decorateDelivery(delivery, { release: () => delivery.ack() })),
  },
  {
    name: 'keeps what is released until the consumer closes',
    reason: 'Only a restart reads the open ones again.',
    killedBy: ['a released message comes again, at no charge, with its note'],
    make: withDelivery((delivery) => decorateDelivery(delivery, { release: () => Promise.resolve() })),
  },
  {
    name: 'drops acknowledgements',
    reason: 'They are sent in the background, and that fails.',
    killedBy: [
      'the last acknowledgements are recorded before close resolves, however many they are',
      'after a close, what was not acknowledged comes again, and what was does not',
    ],
    make: withDelivery((delivery) => decorateDelivery(delivery, { ack: () => Promise.resolve() })),
  },
  {
    name: 'forgets the note of a release',
    reason: 'There was no place to keep it.',
    killedBy: [
      'a released message comes again, at no charge, with its note',
      'a graceful close in the middle of a retry keeps its number: the next member goes on from there',
    ],
    make: withDelivery((delivery) =>
      decorateDelivery(delivery, { note: undefined, release: () => delivery.release() }),
    ),
  },
  {
    name: 'counts releases and closes as deaths',
    reason: "The backend's own counter of deliveries is handed through.",
    killedBy: [
      'a released message comes again, at no charge, with its note',
      'after a close, what was not acknowledged comes again, and what was does not',
      'an event that killed its process too often is no longer started, and the events behind it flow',
    ],
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
    killedBy: ['a released message is not passed over when later ones are acknowledged'],
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
          for (const delivery of open) if (delivery.message.position < newest) unheard(delivery.ack())
          await consumer.close()
        },
      })
    }),
  },
  {
    name: 'lets a late acknowledgement settle what was released',
    reason: 'Acknowledging goes by position, and asks nobody who holds the message now.',
    killedBy: ['settling twice, or after the loan is lost, does nothing'],
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
    killedBy: [
      'what a live member holds is not given to another one, however long it takes',
      'over several members each key keeps its order and is with one of them at a time',
    ],
    make: withDelivery((delivery) => {
      setTimeout(() => unheard(delivery.release()), 20).unref()
      return delivery
    }),
  },
  {
    name: 'delivers a batch in reverse',
    reason: 'A stack serves as the queue.',
    killedBy: [
      'the messages of each key come in the order in which they were published',
      'events of one key are handled in order, one at a time, while other keys go on beside them',
    ],
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, { pull: async (max, signal) => (await consumer.pull(max, signal)).toReversed() }),
    ),
  },
  {
    name: 'returns more than was asked for',
    reason: 'What a fetch brings is handed over whole.',
    killedBy: [
      'a pull never returns more than it was asked for',
      'events in the hands of the process are counted as in flight',
    ],
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, { pull: (max, signal) => consumer.pull(max * 2, signal) }),
    ),
  },
  {
    name: 'ignores the signal of a pull',
    reason: 'The blocking read has no way to be woken.',
    killedBy: ['an idle pull ends with nothing when its signal aborts, and the consumer goes on'],
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, { pull: (max) => consumer.pull(max, new AbortController().signal) }),
    ),
  },
  {
    name: 'loses what arrives while a pull is aborted',
    reason: 'The answer of the blocking read comes too late, and goes nowhere.',
    killedBy: [
      'a pull that is aborted just as a message arrives does not lose it',
      'an idle pull ends with nothing when its signal aborts, and the consumer goes on',
    ],
    make: withConsumer((consumer) => {
      let late: Promise<unknown> = Promise.resolve()
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          await late
          const stop = new AbortController()
          const pulling = consumer.pull(max, stop.signal)
          const aborted = new Promise<undefined>((resolve) => {
            if (signal.aborted) resolve(undefined)
            signal.addEventListener('abort', () => resolve(undefined), { once: true })
          })
          const pulled = await Promise.race([pulling, aborted])
          if (pulled !== undefined && !signal.aborted) return pulled
          setTimeout(() => stop.abort(), 10)
          late = pulling.then((lost) => Promise.all(lost.map((delivery) => delivery.ack()))).catch(() => undefined)
          return []
        },
      })
    }),
  },
  {
    name: 'does not wake a pull that waits',
    reason: 'It looks for messages when it is called, and never again.',
    killedBy: ['a waiting pull resolves as soon as there is a message'],
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
    killedBy: [
      'each group gets every message, and one member of the group gets each',
      'a bus is ready when all of its subscriptions deliver',
    ],
    make: withConsumer((consumer) => decorateConsumer(consumer, { state: { status: 'joining' } })),
  },
]
