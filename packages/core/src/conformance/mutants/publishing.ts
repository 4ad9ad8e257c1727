import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBusAdapter, Message } from '../../spi/index.ts'
import { decorate, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import { altered } from '../support/messages.ts'
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
    killedBy: ['every published message is delivered once'],
    make(good) {
      let count = 0
      return changing((message) => (++count % 100 === 0 ? [] : message))(good)
    },
  },
  {
    name: 'stores every message twice',
    reason: 'A command without an answer is sent again.',
    killedBy: ['every published message is delivered once'],
    make: changing((message) => [message, message]),
  },
  {
    name: 'turns text into Latin-1',
    reason: 'A client library has its own default encoding.',
    killedBy: [
      'a text body is the same as its UTF-8 bytes',
      'the body arrives byte by byte as it was published',
      'what is stored is a CloudEvent that anybody can read, with nothing around it',
    ],
    make: changing((message) =>
      altered(message, { body: Buffer.from(bytesOf(message).toString('latin1'), 'latin1').toString('latin1') }),
    ),
  },
  {
    name: 'turns bytes into text',
    reason: 'A client library decodes replies unless told not to.',
    killedBy: [
      'the body arrives byte by byte as it was published',
      'what is no event is dead-lettered at once with its original bytes, and the events behind it flow',
    ],
    make: changing((message) => altered(message, { body: bytesOf(message).toString('utf8') })),
  },
  {
    name: 'cuts a body at 64 KiB',
    reason: 'A length is kept in 16 bits.',
    killedBy: [
      'the body arrives byte by byte as it was published',
      'a payload of 512 KiB arrives whole, between small ones',
    ],
    make: changing((message) => altered(message, { body: bytesOf(message).subarray(0, 65_535) })),
  },
  {
    name: 'drops messages without a body',
    reason: 'An empty value is taken for none.',
    killedBy: [
      'the body arrives byte by byte as it was published',
      'what is no event is dead-lettered at once with its original bytes, and the events behind it flow',
    ],
    make: changing((message) => (message.body.length === 0 ? [] : message)),
  },
  {
    name: 'loses headers',
    reason: 'They were not needed in the first example.',
    killedBy: [
      'key, headers and topic arrive as they were published',
      'CloudEvents of other publishers are events, in structured and in binary mode',
    ],
    make: changing((message) => altered(message, { headers: {} })),
  },
  {
    name: 'loses empty headers',
    reason: 'An empty value is taken for none.',
    killedBy: ['key, headers and topic arrive as they were published'],
    make: changing((message) =>
      altered(message, {
        headers: Object.fromEntries(Object.entries(message.headers).filter(([, value]) => value !== '')),
      }),
    ),
  },
  {
    name: 'gives every message the same key',
    reason: 'With one key all is in order.',
    killedBy: [
      'key, headers and topic arrive as they were published',
      'an event without a key that waits for its retry does not hold up the others',
    ],
    make: changing((message) => altered(message, { key: 'one' })),
  },
  {
    name: 'loses keys',
    reason: 'The key decided the partition, and was dropped afterwards.',
    killedBy: [
      'key, headers and topic arrive as they were published',
      'events of one key are handled in order, one at a time, while other keys go on beside them',
    ],
    make: changing((message) => altered(message, { key: undefined })),
  },
  {
    name: 'copies messages by spreading them',
    reason: "Those of the core compute their properties, and a spread only copies an object's own.",
    killedBy: ['a message whose properties are computed arrives like any other'],
    make: changing((message) => ({ ...message, topic: message.topic, headers: {}, body: message.body })),
  },
  {
    name: 'stores topics under lower-case names',
    reason: 'Names are normalised for a file system.',
    killedBy: [
      'a message is delivered on its own topic only',
      'events come on their own topic only, to several subscriptions of one process',
    ],
    make: (good) =>
      decorate(good, {
        publish: (messages) =>
          good.publish(messages.map((message) => altered(message, { topic: message.topic.toLowerCase() }))),
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
    killedBy: ['the messages of each key come in the order in which they were published'],
    make: (good) => decorate(good, { publish: (messages) => good.publish(messages.toReversed()) }),
  },
  {
    name: 'lets publishes overtake each other',
    reason: 'Several connections are used in turn.',
    killedBy: [
      'concurrent publishers lose nothing, and each keeps its order within a key',
      'the messages of each key come in the order in which they were published',
    ],
    make(good) {
      let count = 0
      return decorate(good, {
        publish: async (messages) => {
          if (++count % 3 === 0) await sleep(25)
          await good.publish(messages)
        },
      })
    },
  },
  {
    name: 'resolves a publish before the message is stored',
    reason: 'It is sent in the background, for speed.',
    killedBy: [
      'reading history ends where the topic ended when it began, also while publishing goes on',
      'history holds every message, in order of position, the last one included',
    ],
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
    killedBy: [
      'after close everything is rejected, with an error that says so',
      'a publish that the backend does not take is rejected, and can be repeated with its eventId',
    ],
    make: (good) => decorate(good, { publish: (messages) => good.publish(messages).catch(() => undefined) }),
  },
  {
    name: 'delivers delayed messages at once, without their time',
    reason: 'Nobody set the timer.',
    killedBy: [
      'a delayed message is not delivered before its time, and is delivered then',
      'a delayed message comes at once, with the time before which it is not wanted',
      'a delay counts from publish()',
    ],
    make: changing((message) => altered(message, { notBefore: undefined })),
  },
  {
    name: 'never delivers delayed messages',
    reason: 'Nobody moves what is due.',
    killedBy: [
      'a delayed message is not delivered before its time, and is delivered then',
      'a delayed message comes at once, with the time before which it is not wanted',
      'a delay counts from publish()',
    ],
    make: changing((message) => ((message.notBefore ?? 0) > Date.now() ? [] : message)),
  },
  {
    name: 'delivers delayed messages a second early',
    reason: 'Two clocks, or a time that is rounded to seconds.',
    killedBy: [
      'a delayed message comes at once, with the time before which it is not wanted',
      'a delayed message is not delivered before its time, and is delivered then',
      'where the backend cannot wait the bus waits: nothing is handled early, and nothing is held up',
    ],
    make: changing((message) =>
      message.notBefore === undefined ? message : altered(message, { notBefore: message.notBefore - 1_000 }),
    ),
  },
  {
    name: 'lets a delayed message block those behind it',
    reason: 'The head of the queue is waited for.',
    killedBy: [
      'a delayed message does not hold up those published after it',
      'a delayed event holds up neither its key nor the others',
    ],
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
    needs: { forwards: true },
    killedBy: [
      'forward stores the copy and settles the delivery',
      'many deferred events come back, each once and with its number',
    ],
    make: (good) =>
      decorateDeliveries(good, (delivery) => decorateDelivery(delivery, { forward: (copy) => good.publish([copy]) })),
  },
  {
    name: 'forwards by settling only',
    reason: 'The copy goes to a topic that nobody looks at.',
    needs: { forwards: true },
    killedBy: [
      'forward stores the copy and settles the delivery',
      'a long delay is waited out in the retry topic of its group, and no other group sees the event again',
    ],
    make: (good) =>
      decorateDeliveries(good, (delivery) => decorateDelivery(delivery, { forward: () => delivery.ack() })),
  },
]
