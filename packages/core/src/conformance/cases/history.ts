import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBusAdapter, StoredMessage } from '../../spi/index.ts'
import type { ConformanceCase } from '../case.ts'
import { within } from '../support/deadline.ts'
import { ack, assertSame, bodies, bodyOf, history, message, numbered } from '../support/messages.ts'
import { take } from '../support/take.ts'

export const historyCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'history holds every message, in order of position, the last one included',
    promise: 'What happened can be read back as it happened.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const published = Array.from({ length: 120 }, (_, index) =>
        message(topic, `k${index % 8}:${Math.floor(index / 8) + 1}`, {
          key: `k${index % 8}`,
          headers: { n: `${index}` },
        }),
      )
      for (let start = 0; start < 120; start += 40) await adapter.publish(published.slice(start, start + 40))
      const found = await history(adapter, { topic })
      assertSame(found.map(bodyOf), published.map(bodyOf), 'All are there')
      for (const [index, { position }] of found.entries()) {
        const before = found[index - 1]?.position ?? ''
        assert.ok(position > before, `The position "${position}" comes after "${before}" as plain text.`)
      }
      const last = new Map<string, number>()
      for (const stored of found) {
        const number = Number(bodyOf(stored).split(':')[1])
        assert.equal(
          number,
          (last.get(stored.key ?? '') ?? 0) + 1,
          'Within a key, history is in the order of publishing.',
        )
        last.set(stored.key ?? '', number)
        const original = published.find((one) => one.headers['n'] === stored.headers['n'])
        assert.equal(original && bodyOf(original), bodyOf(stored), 'Headers are there as well.')
      }
    },
  },
  {
    tier: 'spi',
    name: 'history and consumers see the same positions and times',
    promise: 'What a handler saw can be found again.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish(numbered(topic, 5, { key: 'k' }))
      const seen = (await take(context, consumer, 5)).map(({ message: { position, storedAt } }) => ({
        position,
        storedAt,
      }))
      const found = (await history(adapter, { topic })).map(({ position, storedAt }) => ({ position, storedAt }))
      assert.deepEqual(seen, found)
    },
  },
  {
    tier: 'spi',
    name: 'history can be read from a position and up to a limit',
    promise: 'A reader can go page by page.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      await adapter.publish(
        Array.from({ length: 30 }, (_, index) => message(topic, `${index + 1}`, { key: `k${index % 5}` })),
      )
      const all = await history(adapter, { topic })
      const pages: StoredMessage[][] = []
      for (let after: string | undefined; pages.length < 10; after = pages.at(-1)?.at(-1)?.position) {
        const page = await history(adapter, { topic, after, limit: 8 })
        if (page.length === 0) break
        pages.push(page)
      }
      assert.deepEqual(
        pages.map(({ length }) => length),
        [8, 8, 8, 6],
      )
      assert.deepEqual(
        pages.flat().map(bodyOf),
        all.map(bodyOf),
        'The pages together are the whole, each message once.',
      )
      assert.deepEqual(
        await history(adapter, { topic, after: all.at(-1)?.position }),
        [],
        'Nothing comes after the last one.',
      )
    },
  },
  {
    tier: 'spi',
    name: 'history can be read by time: from a time inclusive, to a time exclusive',
    promise: 'Two ranges that meet neither overlap nor leave a gap.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      for (let number = 1; number <= 4; number++) {
        await adapter.publish([message(topic, `${number}`, { key: 'k' })])
        await sleep(4)
      }
      const all = await history(adapter, { topic })
      assert.deepEqual(all.map(bodyOf), ['1', '2', '3', '4'])
      const read = async (range: { since?: number; until?: number }): Promise<string[]> =>
        (await history(adapter, { topic, ...range })).map(bodyOf)
      const select = (check: (storedAt: number) => boolean): string[] =>
        all.filter(({ storedAt }) => check(storedAt)).map(bodyOf)
      const times = all.map(({ storedAt }) => storedAt)
      assert.ok(new Set(times).size > 1, 'storedAt goes on with the time.')
      for (const time of [...times, (times[0] ?? 0) - 1, (times[3] ?? 0) + 1]) {
        assert.deepEqual(
          await read({ since: time }),
          select((storedAt) => storedAt >= time),
          'since',
        )
        assert.deepEqual(
          await read({ until: time }),
          select((storedAt) => storedAt < time),
          'until',
        )
      }
      const [, second = 0, , fourth = 0] = times
      assert.deepEqual(
        await read({ since: second, until: fourth }),
        select((at) => at >= second && at < fourth),
        'since and until',
      )
    },
  },
  {
    tier: 'spi',
    name: 'reading history ends where the topic ended when it began, also while publishing goes on',
    promise: 'A replay terminates.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      await adapter.publish(numbered(topic, 20, { key: 'k' }))
      const reading = adapter.read({ topic })[Symbol.asyncIterator]()
      const first = await reading.next()
      const found = first.done === true ? [] : [bodyOf(first.value)]
      await adapter.publish(numbered(topic, 20, { key: 'k' }, 'later '))
      const rest = async (): Promise<void> => {
        for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
          found.push(bodyOf(next.value))
          if (found.length <= 200) await adapter.publish([message(topic, 'still later', { key: 'k' })])
        }
      }
      await within(context.patienceMs, 'Reading', rest())
      assertSame(
        found,
        Array.from({ length: 20 }, (_, index) => `${index + 1}`),
        'What was there at the start',
      )
    },
  },
  {
    tier: 'spi',
    name: 'reading history neither creates nor moves a group',
    promise: 'Looking at the past changes nothing for those at work.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish(numbered(topic, 10, { key: 'k' }))
      assert.equal((await history(adapter, { topic })).length, 10)
      await abandon(adapter, topic)
      const state = await adapter.inspect(topic, 'g')
      assert.equal((state?.lag ?? 0) + (state?.pending ?? 0), 10)
      const deliveries = await take(context, consumer, 10)
      assert.deepEqual(
        bodies(deliveries),
        Array.from({ length: 10 }, (_, index) => `${index + 1}`),
      )
      await history(adapter, { topic })
      await ack(deliveries)
      assert.equal(
        (await history(adapter, { topic })).length,
        10,
        'Being handled does not remove a message from history.',
      )
    },
  },
  {
    tier: 'spi',
    name: 'the history of an unknown topic is empty, and asking does not create it',
    promise: 'A typing error in a name leaves nothing behind.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      assert.deepEqual(await history(adapter, { topic }), [])
      assert.deepEqual(await history(adapter, { topic, since: 0, until: Date.now(), limit: 5 }), [])
      assert.ok(!(await adapter.listTopics()).includes(topic))
    },
  },
]

/** A reader that stops in the middle. */
async function abandon(adapter: EventBusAdapter, topic: string): Promise<void> {
  for await (const stored of adapter.read({ topic })) if (bodyOf(stored) !== '') break
}
