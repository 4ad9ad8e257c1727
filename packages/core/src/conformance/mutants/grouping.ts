import { setTimeout as sleep } from 'node:timers/promises'
import { decorate, decorateConsumer, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import { altered, alteredStored } from '../support/messages.ts'
import { consuming, type Mutant } from './mutant.ts'

/** Of all adapters together: they may be members of one group. */
let members = 0

export const groupingMutants: readonly Mutant[] = [
  {
    name: 'delivers to every member of a group',
    reason: 'A group is taken for a name of a consumer.',
    killedBy: [
      'each group gets every message, and one member of the group gets each',
      'each group gets every event, and one member of it gets each',
    ],
    make: (good) =>
      consuming(good, (options) =>
        options.group === undefined ? options : { ...options, group: `${options.group}${++members}` },
      ),
  },
  {
    name: 'gives a second group nothing',
    reason: 'A queue serves as the topic.',
    killedBy: [
      'each group gets every message, and one member of the group gets each',
      'each group gets every event, and one member of it gets each',
    ],
    make: (good) =>
      consuming(good, (options) => (options.group === undefined ? options : { ...options, group: 'all' })),
  },
  {
    name: 'shares messages among consumers without a group',
    reason: 'No group becomes a group with a default name.',
    killedBy: [
      'without a group every consumer gets every message',
      'every subscription without a group gets every event',
    ],
    make: (good) => consuming(good, (options) => ({ ...options, group: options.group ?? 'default' })),
  },
  {
    name: 'remembers the position of a consumer without a group',
    reason: 'No group becomes a group that is never deleted.',
    killedBy: [
      'without a group the backend remembers nothing of a consumer',
      'without a group a consumer gets what is published once consume() has resolved, and nothing from before',
    ],
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
    killedBy: [
      'over several members each key keeps its order and is with one of them at a time',
      'keys keep their order and their one holder when members join and leave in the middle of the work',
    ],
    make: (good) =>
      decorateDeliveries(
        decorate(good, {
          publish: (messages) =>
            good.publish(
              messages.map((one) => altered(one, { key: undefined, headers: { ...one.headers, key: one.key ?? '' } })),
            ),
        }),
        (delivery) => {
          const { key, ...headers } = delivery.message.headers
          return decorateDelivery(delivery, {
            message: alteredStored(delivery.message, { headers, key: key === '' ? undefined : key }),
          })
        },
      ),
  },
  {
    name: 'starts an existing group again from where a new one would',
    reason: 'The start is set whenever a consumer is made.',
    killedBy: [
      'a group goes on where it was after all its members have closed, whatever startFrom says',
      'the position of a group outlives its members',
    ],
    make(good) {
      return decorate(good, {
        async consume(options) {
          for (const { topic } of options.topics) {
            const state = options.group === undefined ? undefined : await good.inspect(topic, options.group)
            // Refused where the group has members.
            if (state?.pending === 0 && options.group !== undefined)
              await good.deleteGroup(topic, options.group).catch(() => undefined)
          }
          return good.consume(options)
        },
      })
    },
  },
  {
    name: 'begins to listen a little after consume() has resolved',
    reason: 'The subscription is confirmed later, and nobody waits for it.',
    killedBy: [
      'without a group a consumer gets what is published once consume() has resolved, and nothing from before',
      'a new group starts from latest: with what is published from now on',
    ],
    make: (good) =>
      decorate(good, {
        async consume(options) {
          const later = sleep(25).then(() => good.consume(options))
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
    killedBy: [
      'a consumer of two topics gets the messages of both, each with its topic',
      'a long delay is waited out in the retry topic of its group, and no other group sees the event again',
    ],
    make: (good) => consuming(good, (options) => ({ ...options, topics: options.topics.slice(0, 1) })),
  },
  {
    name: 'does not delete a group',
    reason: 'It is left for later.',
    killedBy: [
      'a deleted group is forgotten: the next consumer of that name is a new one',
      'after close everything is rejected, with an error that says so',
      'a group that was deleted begins anew, and nothing that it had deferred comes back',
    ],
    make: (good) => decorate(good, { deleteGroup: () => Promise.resolve() }),
  },
  {
    name: 'says that it deleted a group that has members',
    reason: 'The error of the backend is taken for "there is none".',
    killedBy: ['a group is not deleted while it has members, and nothing happens to them'],
    make: (good) =>
      decorate(good, { deleteGroup: (topic, group) => good.deleteGroup(topic, group).catch(() => undefined) }),
  },
]
