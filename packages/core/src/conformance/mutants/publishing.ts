import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBusAdapter, Message } from '../../spi/index.ts'
import { decorate, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import type { Mutant } from './mutant.ts'

type Change = (message: Message) => Message | readonly Message[]

const changing =
  (change: Change) =>
  (good: EventBusAdapter): EventBusAdapter =>
    decorate(good, { publish: (messages) => good.publish(messages.flatMap(change)) })

const bytesOf = ({ body }: Message): Buffer => (typeof body === 'string' ? Buffer.from(body) : Buffer.from(body))

export const publishingMutants: readonly Mutant[] = [
  {
    name: 'stores every hundredth message nowhere',
    reason: 'A batch that failed in part is taken for a success.',
    make(good) {
      let count = 0
      return changing((message) => (++count % 100 === 0 ? [] : message))(good)
    },
  },
  {
    name: 'stores every message twice',
    reason: 'A command without an answer is sent again.',
    make: changing((message) => [message, message]),
  },
  {
    name: 'turns text into Latin-1',
    reason: 'A client library has its own default encoding.',
    make: changing((message) => ({
      ...message,
      body: Buffer.from(bytesOf(message).toString('latin1'), 'latin1').toString('latin1'),
    })),
  },
  {
    name: 'turns bytes into text',
    reason: 'A client library decodes replies unless told not to.',
    make: changing((message) => ({ ...message, body: bytesOf(message).toString('utf8') })),
  },
  {
    name: 'cuts a body at 64 KiB',
    reason: 'A length is kept in 16 bits.',
    make: changing((message) => ({ ...message, body: bytesOf(message).subarray(0, 65_535) })),
  },
  {
    name: 'drops messages without a body',
    reason: 'An empty value is taken for none.',
    make: changing((message) => (message.body.length === 0 ? [] : message)),
  },
  {
    name: 'loses headers',
    reason: 'They were not needed in the first example.',
    make: changing((message) => ({ ...message, headers: {} })),
  },
  {
    name: 'loses empty headers',
    reason: 'An empty value is taken for none.',
    make: changing((message) => ({
      ...message,
      headers: Object.fromEntries(Object.entries(message.headers).filter(([, value]) => value !== '')),
    })),
  },
  {
    name: 'gives every message the same key',
    reason: 'With one key all is in order.',
    make: changing((message) => ({ ...message, key: 'one' })),
  },
  {
    name: 'loses keys',
    reason: 'The key decided the partition, and was dropped afterwards.',
    make: changing((message) => ({ ...message, key: undefined })),
  },
  {
    name: 'stores topics under lower-case names',
    reason: 'Names are normalised for a file system.',
    make: (good) =>
      decorate(good, {
        publish: (messages) =>
          good.publish(messages.map((message) => ({ ...message, topic: message.topic.toLowerCase() }))),
        consume: (options) =>
          good.consume({
            ...options,
            topics: options.topics.map((one) => ({ ...one, topic: one.topic.toLowerCase() })),
          }),
      }),
  },
  {
    name: 'publishes the messages of a call in reverse',
    reason: 'A buffer is emptied from its end.',
    make: (good) => decorate(good, { publish: (messages) => good.publish(messages.toReversed()) }),
  },
  {
    name: 'lets publishes overtake each other',
    reason: 'Several connections are used in turn.',
    make(good) {
      let count = 0
      return decorate(good, {
        publish: async (messages) => {
          if (++count % 3 === 0) await sleep(2)
          await good.publish(messages)
        },
      })
    },
  },
  {
    name: 'resolves a publish before the message is stored',
    reason: 'It is sent in the background, for speed.',
    make: (good) =>
      decorate(good, {
        async publish(messages) {
          setTimeout(() => void good.publish(messages).catch(() => undefined), 5)
        },
      }),
  },
  {
    name: 'swallows an error of publish',
    reason: 'It was logged.',
    make: (good) => decorate(good, { publish: (messages) => good.publish(messages).catch(() => undefined) }),
  },
  {
    name: 'delivers delayed messages at once, although it says that it waits',
    reason: 'Nobody set the timer.',
    make: changing((message) => ({ ...message, notBefore: undefined })),
  },
  {
    name: 'never delivers delayed messages',
    reason: 'Nobody moves what is due.',
    make: changing((message) => ((message.notBefore ?? 0) > Date.now() ? [] : message)),
  },
  {
    name: 'delivers delayed messages ten milliseconds early',
    reason: 'Two clocks, or a timer that is trusted.',
    make: changing((message) =>
      message.notBefore === undefined ? message : { ...message, notBefore: message.notBefore - 10 },
    ),
  },
  {
    name: 'lets a delayed message block those behind it',
    reason: 'The head of the queue is waited for.',
    make(good) {
      let free: Promise<unknown> = Promise.resolve()
      return decorate(good, {
        async publish(messages) {
          const wait = Math.max(0, ...messages.map(({ notBefore = 0 }) => notBefore - Date.now()))
          await free
          if (wait > 0) free = sleep(wait, undefined, { ref: false })
          await good.publish(messages)
        },
      })
    },
  },
  {
    name: 'forwards without settling the delivery',
    reason: 'The copy is stored, the acknowledgement is forgotten.',
    make: (good) =>
      decorateDeliveries(good, (delivery) => decorateDelivery(delivery, { forward: (copy) => good.publish([copy]) })),
  },
  {
    name: 'forwards by settling only',
    reason: 'The copy goes to a topic that nobody looks at.',
    make: (good) =>
      decorateDeliveries(good, (delivery) => decorateDelivery(delivery, { forward: () => delivery.ack() })),
  },
]
