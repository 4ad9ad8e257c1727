import type { EventBusAdapter, ReadRange, StoredMessage } from '../../spi/index.ts'
import { decorate } from '../support/decorate.ts'
import type { Mutant } from './mutant.ts'

const reading =
  (read: (good: EventBusAdapter, range: ReadRange) => AsyncIterable<StoredMessage>) =>
  (good: EventBusAdapter): EventBusAdapter =>
    decorate(good, { read: (range) => read(good, range) })

async function* butLast(messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage> {
  let held: StoredMessage | undefined
  for await (const one of messages) {
    if (held !== undefined) yield held
    held = one
  }
}

async function* filtered(
  messages: AsyncIterable<StoredMessage>,
  check: (message: StoredMessage) => boolean,
): AsyncGenerator<StoredMessage> {
  for await (const one of messages) if (check(one)) yield one
}

async function* following(good: EventBusAdapter, range: ReadRange): AsyncGenerator<StoredMessage> {
  for (let { after } = range, more = true; more;) {
    more = false
    for await (const one of good.read({ ...range, after })) {
      more = true
      after = one.position
      yield one
    }
  }
}

async function* settling(good: EventBusAdapter, range: ReadRange): AsyncGenerator<StoredMessage> {
  const reader = await good.consume({ topics: [{ topic: range.topic, startFrom: 'latest' }], group: 'g' })
  const stop = new AbortController()
  const pulling = reader.pull(100, stop.signal)
  stop.abort()
  for (const delivery of await pulling) await delivery.ack()
  await reader.close()
  yield* good.read(range)
}

async function* creating(good: EventBusAdapter, range: ReadRange): AsyncGenerator<StoredMessage> {
  const consumer = await good.consume({ topics: [{ topic: range.topic, startFrom: 'latest' }] })
  await consumer.close()
  yield* good.read(range)
}

export const readingMutants: readonly Mutant[] = [
  {
    name: 'misses the last event of history',
    reason: 'The end of a range is taken for exclusive.',
    make: reading((good, range) => butLast(good.read(range))),
  },
  {
    name: 'takes the position of history for inclusive',
    reason: 'Inclusive and exclusive are mixed up.',
    make: reading((good, range) => readFrom(good, range)),
  },
  {
    name: 'ignores the limit of history',
    reason: 'It was not needed.',
    make: reading((good, range) => good.read({ ...range, limit: undefined })),
  },
  {
    name: 'takes the beginning of a time range for exclusive',
    reason: 'Inclusive and exclusive are mixed up.',
    make: reading((good, range) => filtered(good.read(range), ({ storedAt }) => storedAt !== range.since)),
  },
  {
    name: 'takes the end of a time range for inclusive',
    reason: 'Inclusive and exclusive are mixed up.',
    make: reading((good, { until, ...range }) =>
      good.read({ ...range, until: until === undefined ? undefined : until + 1 }),
    ),
  },
  {
    name: 'reads history for as long as there is more',
    reason: 'The end is looked up again and again.',
    make: reading(following),
  },
  {
    name: "settles a group's messages by reading history",
    reason: 'History is read with the group at hand.',
    make: reading(settling),
  },
  {
    name: 'creates the topic whose history is asked for',
    reason: 'The reader is a consumer, and consumers create topics.',
    make: reading(creating),
  },
  {
    name: 'has positions that do not compare as text',
    reason: 'Numbers are not padded.',
    make: reading((good, range) => unpadded(good.read({ ...range, after: range.after?.padStart(16, '0') }))),
  },
  {
    name: 'lists no derived topics',
    reason: 'They are filtered for display.',
    make: (good) =>
      decorate(good, { listTopics: async () => (await good.listTopics()).filter((topic) => !topic.includes('.')) }),
  },
  {
    name: 'lists the topics that there were at first',
    reason: 'The list is kept, for speed.',
    make(good) {
      let kept: Promise<readonly string[]> | undefined
      return decorate(good, { listTopics: () => (kept ??= good.listTopics()) })
    },
  },
  {
    name: 'knows a group that never consumed the topic',
    reason: 'No state is taken for a state of zero.',
    make: (good) =>
      decorate(good, {
        inspect: async (topic, group) =>
          (await good.inspect(topic, group)) ?? { lag: 0, pending: 0, oldestPendingMs: 0 },
      }),
  },
  {
    name: 'counts what is on loan as lag as well',
    reason: 'Lag is the end of the log less what is committed.',
    make: (good) =>
      decorate(good, {
        async inspect(topic, group) {
          const state = await good.inspect(topic, group)
          return state === undefined ? undefined : { ...state, lag: state.lag + state.pending }
        },
      }),
  },
]

async function* readFrom(good: EventBusAdapter, range: ReadRange): AsyncGenerator<StoredMessage> {
  const { after, ...rest } = range
  yield* good.read(
    after === undefined ? range : { ...rest, after: String(Number(after) - 1).padStart(after.length, '0') },
  )
}

async function* unpadded(messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage> {
  for await (const { topic, key, headers, body, position, storedAt } of messages) {
    yield { topic, key, headers, body, storedAt, position: String(Number(position)) }
  }
}
