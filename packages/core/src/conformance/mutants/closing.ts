import type { Consumer, EventBusAdapter } from '../../spi/index.ts'
import { decorate, decorateConsumer, decorateDelivery } from '../support/decorate.ts'
import type { Mutant } from './mutant.ts'

const withConsumer =
  (change: (consumer: Consumer) => Consumer) =>
  (good: EventBusAdapter): EventBusAdapter =>
    decorate(good, { consume: async (options) => change(await good.consume(options)) })

export const closingMutants: readonly Mutant[] = [
  {
    name: 'loses loans when a consumer closes',
    reason: 'What a member had open is deleted with the member.',
    make: withConsumer((consumer) => {
      const open: (() => Promise<void>)[] = []
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          const pulled = await consumer.pull(max, signal)
          open.push(...pulled.map((delivery) => () => delivery.ack()))
          return pulled
        },
        async close() {
          for (const ack of open) await ack()
          await consumer.close()
        },
      })
    }),
  },
  {
    name: 'keeps the loans of a consumer that has closed',
    reason: 'Only a lease that runs out frees them.',
    make: withConsumer((consumer) => decorateConsumer(consumer, { close: () => Promise.resolve() })),
  },
  {
    name: 'closes before acknowledgements are recorded',
    reason: 'They are sent together a little later, and the consumer is gone by then.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, {
        async pull(max, signal) {
          const pulled = await consumer.pull(max, signal)
          return pulled.map((delivery) =>
            decorateDelivery(delivery, {
              ack: async () => void setTimeout(() => void delivery.ack(), 5),
            }),
          )
        },
      }),
    ),
  },
  {
    name: 'leaves a pull waiting when its consumer closes',
    reason: 'The blocking read is not interrupted.',
    make: withConsumer((consumer) => {
      let closed = false
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          const pulled = await consumer.pull(max, signal)
          if (closed && !signal.aborted) await new Promise(() => undefined)
          return pulled
        },
        close() {
          closed = true
          return consumer.close()
        },
      })
    }),
  },
  {
    name: 'rejects a second close of a consumer',
    reason: 'The connection is gone by then.',
    make: withConsumer((consumer) => {
      let closed = false
      return decorateConsumer(consumer, {
        async close() {
          if (closed) throw new Error('not connected')
          closed = true
          await consumer.close()
        },
      })
    }),
  },
  {
    name: 'leaves a listener behind for every pull',
    reason: 'It is removed when the signal aborts, and only then.',
    make: withConsumer((consumer) =>
      decorateConsumer(consumer, {
        pull(max, signal) {
          signal.addEventListener('abort', () => undefined)
          return consumer.pull(max, signal)
        },
      }),
    ),
  },
  {
    name: 'stops the group when a consumer is closed twice',
    reason: 'Members are counted, and the count goes wrong.',
    make(good) {
      const members: Consumer[] = []
      return withConsumer((consumer) => {
        members.push(consumer)
        let closed = false
        return decorateConsumer(consumer, {
          async close() {
            if (closed) for (const member of members) await member.close()
            closed = true
            await consumer.close()
          },
        })
      })(good)
    },
  },
  {
    name: 'hangs in close while a consumer is open',
    reason: 'It waits for a read that never ends.',
    make(good) {
      let open = 0
      return decorate(good, {
        async consume(options) {
          const consumer = await good.consume(options)
          open++
          return decorateConsumer(consumer, { close: () => consumer.close().finally(() => open--) })
        },
        close: () => (open > 0 ? new Promise<void>(() => undefined) : good.close()),
      })
    },
  },
  {
    name: 'rejects a second close',
    reason: 'The connection is gone by then.',
    make(good) {
      let closed = false
      return decorate(good, {
        async close() {
          if (closed) throw new Error('not connected')
          closed = true
          await good.close()
        },
      })
    },
  },
  {
    name: 'leaves publishes unsettled when it closes',
    reason: 'A queue is dropped with everybody who waits for it.',
    make(good) {
      let closed = false
      return decorate(good, {
        async publish(messages) {
          await new Promise((resolve) => setTimeout(resolve, 2))
          if (closed) await new Promise(() => undefined)
          await good.publish(messages)
        },
        close() {
          closed = true
          return good.close()
        },
      })
    },
  },
  {
    name: 'answers as if it were open after close',
    reason: 'Nobody asks whether it is closed.',
    make: (good) =>
      decorate(good, {
        ping: () => good.ping().catch(() => undefined),
        listTopics: () => good.listTopics().catch(() => []),
        inspect: (topic, group) => good.inspect(topic, group).catch(() => undefined),
      }),
  },
  {
    name: 'rejects with an error of its own after close',
    reason: 'What the client library throws is handed through.',
    make: (good) =>
      decorate(good, {
        publish: (messages) =>
          good.publish(messages).catch((cause: unknown) => {
            throw new Error('Connection is closed.', { cause })
          }),
      }),
  },
  {
    name: 'connects again when it is initialised twice',
    reason: 'There is no memory of the first time.',
    make(good) {
      let connected = false
      return decorate(good, {
        async initialize() {
          if (connected) throw new Error('already connected')
          connected = true
          await good.initialize()
        },
      })
    },
  },
  {
    name: 'does not answer a ping',
    reason: 'Health is asked on a connection that is busy with a blocking read.',
    make: (good) => decorate(good, { ping: () => new Promise(() => undefined) }),
  },
  {
    name: 'says that the backend does not wait out delays, although it does',
    reason: 'The table of facts is out of date.',
    make: (good) => decorate(good, { capabilities: { ...good.capabilities, delays: !good.capabilities.delays } }),
  },
]
