import type { Consumer, EventBusAdapter } from '../../spi/index.ts'
import { decorate, decorateConsumer, decorateDelivery } from '../support/decorate.ts'
import { type Mutant, unheard } from './mutant.ts'

const withConsumer =
  (change: (consumer: Consumer) => Consumer) =>
  (good: EventBusAdapter): EventBusAdapter =>
    decorate(good, { consume: async (options) => change(await good.consume(options)) })

/** Of all adapters together: their consumers may be members of one group. */
const groups = new Map<string, readonly Consumer[]>()

export const closingMutants: readonly Mutant[] = [
  {
    name: 'loses loans when a consumer closes',
    reason: 'What a member had open is deleted with the member.',
    killedBy: [
      'after a close, what was not acknowledged comes again, and what was does not',
      'what was not begun when its subscription ended goes to another member, as if nobody had ever had it',
    ],
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
    killedBy: [
      'the loans of a member that closes pass on to the others at once, at no charge',
      'after a close, what was not acknowledged comes again, and what was does not',
    ],
    make: withConsumer((consumer) => decorateConsumer(consumer, { close: () => Promise.resolve() })),
  },
  {
    name: 'closes before acknowledgements are recorded',
    reason: 'They are sent together a little later, and the consumer is gone by then.',
    killedBy: [
      'the last acknowledgements are recorded before close resolves, however many they are',
      'what has just been handled is acknowledged when close() resolves, however much it was',
    ],
    make: withConsumer((consumer) => {
      let closed = false
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          const pulled = await consumer.pull(max, signal)
          return pulled.map((delivery) =>
            decorateDelivery(delivery, {
              ack: async () => void setTimeout(() => closed || unheard(delivery.ack()), 20),
            }),
          )
        },
        close() {
          closed = true
          return consumer.close()
        },
      })
    }),
  },
  {
    name: 'leaves a pull waiting when its consumer closes',
    reason: 'The blocking read is not interrupted.',
    killedBy: ['closing a consumer ends its waiting pull with nothing; closing again, or at once, is the same'],
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
    killedBy: [
      'closing one consumer again does nothing to the others of its group',
      'closing a consumer ends its waiting pull with nothing; closing again, or at once, is the same',
    ],
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
    killedBy: ['a consumer that has closed leaves no listener on the signals of its pulls'],
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
    killedBy: ['closing one consumer again does nothing to the others of its group'],
    make: (good) =>
      decorate(good, {
        async consume(options) {
          const consumer = await good.consume(options)
          const group = `${options.topics[0]?.topic} ${options.group}`
          const members = groups.get(group) ?? []
          groups.set(group, [...members, consumer])
          let closed = false
          return decorateConsumer(consumer, {
            async close() {
              if (closed) for (const member of groups.get(group) ?? []) await member.close()
              closed = true
              await consumer.close()
            },
          })
        },
      }),
  },
  {
    name: 'hangs in close while a consumer is open',
    reason: 'It waits for a read that never ends.',
    killedBy: [
      'close may be called again, at once, and before initialize',
      'a bus whose adapter was closed under it says so, does not spin, and can be closed',
    ],
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
    killedBy: [
      'close may be called again, at once, and before initialize',
      'close settles every publish that is under way, and what resolved is stored',
      'a bus closes the adapter that it made, and no other',
    ],
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
    killedBy: ['close settles every publish that is under way, and what resolved is stored'],
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
    killedBy: [
      'after close everything is rejected, with an error that says so',
      'health is a round trip: true while the backend answers, false while it does not, and true again',
    ],
    make: (good) =>
      decorate(good, {
        ping: () => good.ping().catch(() => undefined),
        listTopics: () => good.listTopics().catch(() => []),
        listGroups: (topic) => good.listGroups(topic).catch(() => []),
        inspect: (topic, group) => good.inspect(topic, group).catch(() => undefined),
      }),
  },
  {
    name: 'rejects with an error of its own after close',
    reason: 'What the client library throws is handed through.',
    killedBy: [
      'after close everything is rejected, with an error that says so',
      'a publish that the backend does not take is rejected, and can be repeated with its eventId',
    ],
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
    killedBy: ['initialize may be called again'],
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
    killedBy: [
      'ping resolves while the backend answers',
      'after close everything is rejected, with an error that says so',
      'health is a round trip: true while the backend answers, false while it does not, and true again',
    ],
    make: (good) => decorate(good, { ping: () => new Promise(() => undefined) }),
  },
  {
    name: 'says that the backend does not wait out delays where it does, or that it does where not',
    reason: 'The table of facts is out of date.',
    killedBy: ['the adapter states its version and its capabilities, and they are true'],
    make: (good) => decorate(good, { capabilities: { ...good.capabilities, delays: !good.capabilities.delays } }),
  },
]
