import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumeOptions, EventBusAdapter, StartFrom } from '../../spi/index.ts'
import { decorate, decorateConsumer, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import type { Mutant } from './mutant.ts'

const starting =
  (change: (startFrom: StartFrom) => StartFrom) =>
  (good: EventBusAdapter): EventBusAdapter =>
    consuming(good, (options) => ({
      ...options,
      topics: options.topics.map(({ topic, startFrom }) => ({ topic, startFrom: change(startFrom) })),
    }))

function consuming(good: EventBusAdapter, change: (options: ConsumeOptions) => ConsumeOptions): EventBusAdapter {
  return decorate(good, { consume: (options) => good.consume(change(options)) })
}

export const groupingMutants: readonly Mutant[] = [
  {
    name: 'delivers to every member of a group',
    reason: 'A group is taken for a name of a consumer.',
    make(good) {
      let members = 0
      return consuming(good, (options) =>
        options.group === undefined ? options : { ...options, group: `${options.group}${++members}` },
      )
    },
  },
  {
    name: 'gives a second group nothing',
    reason: 'A queue serves as the topic.',
    make: (good) =>
      consuming(good, (options) => (options.group === undefined ? options : { ...options, group: 'all' })),
  },
  {
    name: 'shares messages among consumers without a group',
    reason: 'No group becomes a group with a default name.',
    make: (good) => consuming(good, (options) => ({ ...options, group: options.group ?? 'default' })),
  },
  {
    name: 'remembers the position of a consumer without a group',
    reason: 'No group becomes a group that is never deleted.',
    make(good) {
      const free: string[] = []
      let count = 0
      return decorate(good, {
        async consume(options) {
          if (options.group !== undefined) return good.consume(options)
          const group = free.pop() ?? `anonymous${++count}`
          const consumer = await good.consume({ ...options, group })
          return decorateConsumer(consumer, { close: () => consumer.close().then(() => void free.push(group)) })
        },
      })
    },
  },
  {
    name: 'runs one key on two members at once',
    reason: 'Members compete for single messages.',
    make: (good) =>
      decorateDeliveries(
        decorate(good, {
          publish: (messages) =>
            good.publish(
              messages.map((one) => ({ ...one, key: undefined, headers: { ...one.headers, key: one.key ?? '' } })),
            ),
        }),
        (delivery) => {
          const { key, ...headers } = delivery.message.headers
          const { body, topic, position, storedAt } = delivery.message
          return decorateDelivery(delivery, {
            message: { topic, position, storedAt, headers, body, key: key === '' ? undefined : key },
          })
        },
      ),
  },
  {
    name: 'starts a latest group from earliest',
    reason: 'A default of the client library.',
    make: starting(() => 'earliest'),
  },
  {
    name: 'starts an earliest group from latest',
    reason: 'A default of the client library.',
    make: starting((start) => (start === 'earliest' ? 'latest' : start)),
  },
  {
    name: 'takes a date for earliest',
    reason: 'Only two forms were handled.',
    make: starting((start) => (start instanceof Date ? 'earliest' : start)),
  },
  {
    name: 'takes a date for latest',
    reason: 'Only two forms were handled.',
    make: starting((start) => (start instanceof Date ? 'latest' : start)),
  },
  {
    name: 'starts after a date instead of at it',
    reason: 'Inclusive and exclusive are mixed up.',
    make: starting((start) => (start instanceof Date ? new Date(start.getTime() + 1) : start)),
  },
  {
    name: 'takes a position for latest',
    reason: 'Only two forms were handled.',
    make: starting((start) => (isPosition(start) ? 'latest' : start)),
  },
  {
    name: 'starts at a position instead of after it',
    reason: 'Inclusive and exclusive are mixed up.',
    make: starting((start) =>
      isPosition(start) ? { position: String(Number(start.position) - 1).padStart(start.position.length, '0') } : start,
    ),
  },
  {
    name: 'starts an existing group again from where a new one would',
    reason: 'The start is set whenever a consumer is made.',
    make(good) {
      return decorate(good, {
        async consume(options) {
          for (const { topic } of options.topics) {
            const state = options.group === undefined ? undefined : await good.inspect(topic, options.group)
            if (state?.pending === 0 && options.group !== undefined) await good.deleteGroup(topic, options.group)
          }
          return good.consume(options)
        },
      })
    },
  },
  {
    name: 'begins to listen a little after consume() has resolved',
    reason: 'The subscription is confirmed later, and nobody waits for it.',
    make: (good) =>
      decorate(good, {
        async consume(options) {
          const later = sleep(3).then(() => good.consume(options))
          later.catch(() => undefined)
          return {
            pull: async (max, signal) => (await later).pull(max, signal),
            state: { status: 'ready' },
            close: async () => (await later).close(),
          }
        },
      }),
  },
  {
    name: 'consumes the first topic only',
    reason: 'A list with one element was all that was tried.',
    make: (good) => consuming(good, (options) => ({ ...options, topics: options.topics.slice(0, 1) })),
  },
  {
    name: 'does not delete a group',
    reason: 'It is left for later.',
    make: (good) => decorate(good, { deleteGroup: () => Promise.resolve() }),
  },
]

function isPosition(start: StartFrom): start is { readonly position: string } {
  return typeof start === 'object' && 'position' in start
}
