import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBusAdapter, ReadRange, StoredMessage } from '../../spi/index.ts'
import { decorate, decorateConsumer } from '../support/decorate.ts'
import { alteredStored } from '../support/messages.ts'
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
  for (let waits = 0; reader.state.status !== 'ready' && waits < 600; waits++) await sleep(5)
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), 100)
  for (const delivery of await reader.pull(100, stop.signal)) await delivery.ack()
  clearTimeout(timer)
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
    killedBy: [
      'history holds every message, in order of position, the last one included',
      'history gives back every event as it was published, whether it was handled or not',
    ],
    make: reading((good, range) => butLast(good.read(range))),
  },
  {
    name: 'takes the position of history for inclusive',
    reason: 'Inclusive and exclusive are mixed up.',
    killedBy: [
      'history can be read from a position and up to a limit',
      'history can be read from a position or a time, to a time, and filtered',
    ],
    make: reading((good, range) => readFrom(good, range)),
  },
  {
    name: 'ignores the limit of history',
    reason: 'It was not needed.',
    killedBy: ['history can be read from a position and up to a limit'],
    make: reading((good, range) => good.read({ ...range, limit: undefined })),
  },
  {
    name: 'takes the beginning of a time range for exclusive',
    reason: 'Inclusive and exclusive are mixed up.',
    killedBy: [
      'history can be read by time: from a time inclusive, to a time exclusive',
      'history can be read from a position or a time, to a time, and filtered',
    ],
    make: reading((good, range) => filtered(good.read(range), ({ storedAt }) => storedAt !== range.since)),
  },
  {
    name: 'takes the end of a time range for inclusive',
    reason: 'Inclusive and exclusive are mixed up.',
    killedBy: [
      'history can be read by time: from a time inclusive, to a time exclusive',
      'history can be read from a position or a time, to a time, and filtered',
    ],
    make: reading((good, { until, ...range }) =>
      good.read({ ...range, until: until === undefined ? undefined : until + 1 }),
    ),
  },
  {
    name: 'reads history for as long as there is more',
    reason: 'The end is looked up again and again.',
    killedBy: [
      'reading history ends where the topic ended when it began, also while publishing goes on',
      'history can be read from a position and up to a limit',
      'history ends with what was there when reading began, also while publishing goes on',
    ],
    make: reading(following),
  },
  {
    name: "settles a group's messages by reading history",
    reason: 'History is read with the group at hand.',
    killedBy: ['reading history neither creates nor moves a group', 'reading history takes nothing from anybody'],
    make: reading(settling),
  },
  {
    name: 'creates the topic whose history is asked for',
    reason: 'The reader is a consumer, and consumers create topics.',
    killedBy: ['the history of an unknown topic is empty, and asking does not create it'],
    make: reading(creating),
  },
  {
    name: 'has positions that do not compare as text',
    reason: 'They begin with what changes most.',
    killedBy: ['history holds every message, in order of position, the last one included'],
    make: reading((good, range) => turned(good.read({ ...range, after: range.after && backwards(range.after) }))),
  },
  {
    name: 'lists no derived topics',
    reason: 'They are filtered for display.',
    killedBy: [
      'listTopics has every topic that was published to or is consumed, also quite new ones',
      'a pattern sees the topics that exist and those that are created later, each from its first event',
    ],
    make: (good) =>
      decorate(good, { listTopics: async () => (await good.listTopics()).filter((topic) => !topic.includes('.')) }),
  },
  {
    name: 'lists the topics that there were at first',
    reason: 'The list is kept, for speed.',
    killedBy: [
      'listTopics has every topic that was published to or is consumed, also quite new ones',
      'a pattern sees the topics that exist and those that are created later, each from its first event',
    ],
    make(good) {
      let kept: Promise<readonly string[]> | undefined
      return decorate(good, { listTopics: () => (kept ??= good.listTopics()) })
    },
  },
  {
    name: 'lists only the groups that have members',
    reason: 'The broker is asked who is connected.',
    killedBy: ['listGroups has every group of a topic, of all topics if none is named, also one without members'],
    make(good) {
      const members = new Map<string, number>()
      const count = (topics: readonly string[], by: number): void =>
        topics.forEach((topic) => members.set(topic, (members.get(topic) ?? 0) + by))
      return decorate(good, {
        async consume(options) {
          const consumer = await good.consume(options)
          const names = options.topics.map(({ topic }) => `${options.group} ${topic}`)
          count(names, 1)
          return decorateConsumer(consumer, { close: () => consumer.close().then(() => count(names, -1)) })
        },
        listGroups: async (topic) =>
          (await good.listGroups(topic)).filter((one) => (members.get(`${one.group} ${one.topic}`) ?? 0) > 0),
      })
    },
  },
  {
    name: 'lists the groups of all topics for each',
    reason: 'The broker has one list, and nobody narrows it down.',
    killedBy: ['listGroups has every group of a topic, of all topics if none is named, also one without members'],
    make: (good) => decorate(good, { listGroups: () => good.listGroups() }),
  },
  {
    name: 'knows a group that never consumed the topic',
    reason: 'No state is taken for a state of zero.',
    killedBy: [
      'inspect knows nothing of a group that never consumed the topic, and asking does not create it',
      'a deleted group is forgotten: the next consumer of that name is a new one',
      'a pattern sees the topics that exist and those that are created later, each from its first event',
    ],
    make: (good) =>
      decorate(good, {
        inspect: async (topic, group) =>
          (await good.inspect(topic, group)) ?? { lag: 0, pending: 0, oldestPendingMs: 0 },
      }),
  },
  {
    name: 'does not count what is not due yet',
    reason: 'It is kept somewhere else.',
    needs: { delays: true },
    killedBy: ['inspect counts what is not due yet apart from the lag'],
    make: (good) =>
      decorate(good, {
        async inspect(topic, group) {
          const state = await good.inspect(topic, group)
          return state === undefined ? undefined : { ...state, delayed: 0 }
        },
      }),
  },
  {
    name: 'counts what is on loan as lag as well',
    reason: 'Lag is the end of the log less what is committed.',
    killedBy: [
      'inspect tells how far a group is behind and what it has on loan',
      'the books balance by event ids: what was published is handled, dead-lettered, given up, or still there',
    ],
    make: (good) =>
      decorate(good, {
        async inspect(topic, group) {
          const state = await good.inspect(topic, group)
          return state === undefined ? undefined : { ...state, lag: state.lag + state.pending }
        },
      }),
  },
]

async function* readFrom(good: EventBusAdapter, { after, limit, ...range }: ReadRange): AsyncGenerator<StoredMessage> {
  let left = limit ?? Infinity
  for await (const stored of good.read(range)) {
    if (after !== undefined && stored.position < after) continue
    if (left-- <= 0) return
    yield stored
  }
}

function backwards(position: string): string {
  return position.split('').toReversed().join('')
}

async function* turned(messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage> {
  for await (const stored of messages) yield alteredStored(stored, { position: backwards(stored.position) })
}
