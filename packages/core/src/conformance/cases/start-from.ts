import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBusAdapter, StartFrom } from '../../spi/index.ts'
import type { ConformanceCase } from '../case.ts'
import type { CaseContext } from '../support/context.ts'
import { bodies, history, message } from '../support/messages.ts'
import { takeThrough } from '../support/take.ts'

interface Start {
  readonly name: string
  readonly promise: string
  /** Of `old 1`, `old 2`, `new 1`, `new 2`, those that are to come. */
  readonly expected: readonly string[]
  find(adapter: EventBusAdapter, topic: string): Promise<StartFrom>
}

const starts: readonly Start[] = [
  {
    name: 'latest: with what is published from now on',
    promise: 'A new service does not work off years of history by accident.',
    expected: [],
    find: async () => 'latest',
  },
  {
    name: 'earliest: with the oldest message there is',
    promise: 'A new service can catch up with everything that is still there.',
    expected: ['old 1', 'old 2', 'new 1', 'new 2'],
    find: async () => 'earliest',
  },
  {
    name: 'a date: with what was stored at that time or later',
    promise: 'A group can start at the time of an incident.',
    expected: ['new 1', 'new 2'],
    find: async (adapter, topic) => new Date((await history(adapter, { topic }))[2]?.storedAt ?? Number.NaN),
  },
  {
    name: 'a date before everything: with the oldest message there is',
    promise: 'Asking for more than there is gives what there is.',
    expected: ['old 1', 'old 2', 'new 1', 'new 2'],
    find: async () => new Date(1_000_000_000_000),
  },
  {
    name: 'a position: with what comes after it',
    promise: 'A group can start where something else has stopped.',
    expected: ['old 2', 'new 1', 'new 2'],
    find: async (adapter, topic) => ({ position: (await history(adapter, { topic }))[0]?.position ?? '' }),
  },
]

const startingThere: readonly ConformanceCase[] = starts.flatMap((start): ConformanceCase[] => [
  {
    tier: 'spi',
    name: `a new group starts from ${start.name}`,
    promise: start.promise,
    run: (context) => startsThere(context, start, 'g'),
  },
  {
    tier: 'spi',
    name: `a consumer without a group starts from ${start.name}`,
    promise: start.promise,
    run: (context) => startsThere(context, start, undefined),
  },
])

export const startFromCases: readonly ConformanceCase[] = [
  ...startingThere,
  {
    tier: 'spi',
    name: 'a position that is none is refused, by consume() and by read()',
    promise: 'A position of another backend, or a typing error, does not silently start somewhere else.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      await adapter.publish([message(topic, 'x', { key: 'k' })])
      const position = 'not a position'
      for (const group of ['g', undefined]) {
        const refused = context.consume(adapter, topic, { group, startFrom: { position } })
        await assert.rejects(refused, { code: 'BUS_CONFIG_INVALID' })
      }
      await assert.rejects(history(adapter, { topic, after: position }), { code: 'BUS_CONFIG_INVALID' })
    },
  },
]

async function startsThere(context: CaseContext, start: Start, group: string | undefined): Promise<void> {
  const [adapter, topic] = [await context.adapter(), context.topic()]
  // One key: on any backend its messages come in order, so that "now" proves what did not come before it.
  const publish = (body: string): Promise<void> => adapter.publish([message(topic, body, { key: 'k' })])
  await publish('old 1')
  await publish('old 2')
  const lastOld = (await history(adapter, { topic })).at(-1)?.storedAt ?? 0
  await context.until('The clock goes on', () => Date.now() > lastOld + 1)
  await sleep(2)
  await publish('new 1')
  await publish('new 2')
  const startFrom = await start.find(adapter, topic)
  const consumer = await context.consume(adapter, topic, { group, startFrom })
  await publish('now')
  const got = bodies(await takeThrough(context, consumer, 'now'))
  assert.deepEqual(got, [...start.expected, 'now'])
}
