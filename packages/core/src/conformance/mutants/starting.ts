import type { EventBusAdapter, StartFrom } from '../../spi/index.ts'
import { decorate } from '../support/decorate.ts'
import { consuming, type Mutant } from './mutant.ts'

const starting =
  (change: (startFrom: StartFrom) => StartFrom) =>
  (good: EventBusAdapter): EventBusAdapter =>
    consuming(good, (options) => ({
      ...options,
      topics: options.topics.map(({ topic, startFrom }) => ({ topic, startFrom: change(startFrom) })),
    }))

/** Where a new group begins. */
export const startingMutants: readonly Mutant[] = [
  {
    name: 'starts a latest group from earliest',
    reason: 'A default of the client library.',
    killedBy: [
      'a new group starts from latest: with what is published from now on',
      'a new subscription begins with what is published next, unless it says otherwise',
    ],
    make: starting(() => 'earliest'),
  },
  {
    name: 'starts an earliest group from latest',
    reason: 'A default of the client library.',
    killedBy: [
      'a new group starts from earliest: with the oldest message there is',
      'a new subscription from earliest gets all that the backend holds',
    ],
    make: starting((start) => (start === 'earliest' ? 'latest' : start)),
  },
  {
    name: 'takes a date for earliest',
    reason: 'Only two forms were handled.',
    killedBy: [
      'a consumer without a group starts from a date: with what was stored at that time or later',
      'a new group starts from a date: with what was stored at that time or later',
      'a new subscription from a date gets what was stored at or after it',
    ],
    make: starting((start) => (start instanceof Date ? 'earliest' : start)),
  },
  {
    name: 'takes a date for latest',
    reason: 'Only two forms were handled.',
    killedBy: [
      'a consumer without a group starts from a date before everything: with the oldest message there is',
      'a new group starts from a date before everything: with the oldest message there is',
      'a new subscription from a date gets what was stored at or after it',
    ],
    make: starting((start) => (start instanceof Date ? 'latest' : start)),
  },
  {
    name: 'starts after a date instead of at it',
    reason: 'Inclusive and exclusive are mixed up.',
    killedBy: [
      'a consumer without a group starts from a date: with what was stored at that time or later',
      'a new group starts from a date: with what was stored at that time or later',
      'a new subscription from a date gets what was stored at or after it',
    ],
    make: starting((start) => (start instanceof Date ? new Date(start.getTime() + 1) : start)),
  },
  {
    name: 'takes a position for latest',
    reason: 'Only two forms were handled.',
    killedBy: [
      'a consumer without a group starts from a position: with what comes after it',
      'a new group starts from a position: with what comes after it',
      'a new subscription from a position gets what comes after it',
    ],
    make: starting((start) => (isPosition(start) ? 'latest' : start)),
  },
  {
    name: 'starts at a position instead of after it',
    reason: 'Inclusive and exclusive are mixed up.',
    killedBy: [
      'a consumer without a group starts from a position: with what comes after it',
      'a new group starts from a position: with what comes after it',
      'a new subscription from a position gets what comes after it',
    ],
    make: (good) =>
      decorate(good, {
        async consume(options) {
          const topics = options.topics.map(async ({ topic, startFrom }) => ({
            topic,
            startFrom: isPosition(startFrom) ? await startBefore(good, topic, startFrom.position) : startFrom,
          }))
          return good.consume({ ...options, topics: await Promise.all(topics) })
        },
      }),
  },
  {
    name: 'takes a position that is none for earliest',
    reason: 'What cannot be parsed becomes 0.',
    killedBy: ['a position that is none is refused, by consume() and by read()'],
    make: (good) =>
      decorate(good, {
        consume: (options) =>
          good.consume(options).catch(() => {
            const topics = options.topics.map(({ topic }) => ({ topic, startFrom: 'earliest' as const }))
            return good.consume({ ...options, topics })
          }),
      }),
  },
]

function isPosition(start: StartFrom): start is { readonly position: string } {
  return typeof start === 'object' && 'position' in start
}

async function startBefore(good: EventBusAdapter, topic: string, position: string): Promise<StartFrom> {
  let before: StartFrom = 'earliest'
  for await (const stored of good.read({ topic })) if (stored.position < position) before = stored
  return before
}
