import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { ack, assertSame, bodies, message, numbered, withAndWithoutKey } from '../support/messages.ts'
import { take, takeFromAny, takeThrough } from '../support/take.ts'

const forty: readonly string[] = Array.from({ length: 40 }, (_, index) => String(index + 1))

export const groupCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'each group gets every message, and one member of the group gets each',
    promise: 'Replicas of a service share its work; other services are not affected.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [topic, adapters] = [context.topic(), await context.members(2)]
        const [a, b] = await Promise.all([
          context.group(adapters, topic, { group: 'a' }),
          context.group(adapters, topic, { group: 'b' }),
        ])
        await adapters[0]?.publish(numbered(topic, 40, { key }))
        await Promise.all(
          [a, b].map(async (members, index) => {
            const taken = await takeFromAny(context, members, 40)
            assertSame(bodies(taken.map(({ delivery }) => delivery)), forty, `Group ${index + 1} got each message once`)
            await ack(taken.map(({ delivery }) => delivery))
          }),
        )
        // One more, because a copy for another member would still be on its way.
        await adapters[0]?.publish([message(topic, 'last', { key })])
        for (const members of [a, b]) {
          const [last] = await takeFromAny(context, members, 1)
          assert.deepEqual(last && bodies([last.delivery]), ['last'])
        }
      }),
  },
  {
    tier: 'spi',
    name: 'a group goes on where it was after all its members have closed, whatever startFrom says',
    promise: 'A deployment neither misses nor repeats events.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [topic, [one, other]] = [context.topic(), await context.members(2)]
        assert.ok(one && other)
        const first = await context.consume(one, topic, { group: 'g' })
        await one.publish(numbered(topic, 10, { key }))
        await ack(await take(context, first, 10))
        await first.close()
        await one.publish([message(topic, 'while away', { key })])
        const choices = ['earliest', 'latest', new Date(0), new Date(Date.now() + 60_000)] as const
        for (const [round, startFrom] of choices.entries()) {
          const again = await context.consume(other, topic, { group: 'g', startFrom })
          await one.publish([message(topic, `round ${round}`, { key })])
          const got = bodies(await takeThrough(context, again, `round ${round}`))
          const before = round === 0 ? ['while away'] : [`away ${round}`]
          // Without a key, what came first may be lent last.
          const late = got.length === 1 ? await take(context, again, 1) : []
          await ack(late)
          assertSame(
            [...got, ...bodies(late)],
            [...before, `round ${round}`],
            'What was published meanwhile came, and nothing else',
          )
          await again.close()
          await one.publish([message(topic, `away ${round + 1}`, { key })])
        }
      }),
  },
  {
    tier: 'spi',
    name: 'one group name on two topics keeps two positions',
    promise: 'A service uses its own name on every topic it consumes.',
    async run(context) {
      const [adapter, a, b] = [await context.adapter(), context.topic(), context.topic()]
      const [onA, onB] = await Promise.all([a, b].map((topic) => context.consume(adapter, topic, { group: 'g' })))
      assert.ok(onA && onB)
      await adapter.publish([...numbered(a, 5, { key: 'k' }, 'a'), ...numbered(b, 3, { key: 'k' }, 'b')])
      assert.deepEqual(bodies(await takeThrough(context, onA, 'a5')), ['a1', 'a2', 'a3', 'a4', 'a5'])
      await onA.close()
      assert.deepEqual(bodies(await takeThrough(context, onB, 'b3')), ['b1', 'b2', 'b3'])
      await adapter.publish([message(a, 'a6', { key: 'k' })])
      const again = await context.consume(adapter, a, { group: 'g' })
      assert.deepEqual(bodies(await takeThrough(context, again, 'a6')), ['a6'])
    },
  },
  {
    tier: 'spi',
    name: 'a consumer of two topics gets the messages of both, each with its topic',
    promise: 'A group has a second topic of its own, which is consumed along with the first.',
    async run(context) {
      const [adapter, first] = [await context.adapter(), context.topic()]
      const second = `${first}.g.retry`
      const topics = [first, second].map((topic) => ({ topic, startFrom: 'earliest' as const }))
      await adapter.publish([message(first, 'a', { key: 'k' })])
      const consumer = await adapter.consume({ topics, group: 'g' })
      await adapter.publish([message(second, 'b', { key: 'k' }), message(first, 'c', { key: 'k' })])
      const deliveries = await take(context, consumer, 3)
      const found = deliveries.map(
        ({ message: stored }) => `${stored.topic === second ? 'second' : 'first'} ${bodies([stored])[0]}`,
      )
      assertSame(found, ['first a', 'second b', 'first c'], 'Both topics were consumed')
      await ack(deliveries)
      await consumer.close()
      await adapter.publish([message(second, 'd'), message(first, 'e')])
      const again = await adapter.consume({ topics, group: 'g' })
      assertSame(bodies(await take(context, again, 2)), ['d', 'e'], 'Both positions were kept')
    },
  },
  {
    tier: 'spi',
    name: 'a deleted group is forgotten: the next consumer of that name is a new one',
    promise: 'An abandoned group can be removed, and a name used again.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish(numbered(topic, 4, { key: 'k' }))
      await ack((await take(context, consumer, 4)).slice(0, 2))
      await consumer.close()
      await adapter.deleteGroup(topic, 'g')
      assert.equal(await adapter.inspect(topic, 'g'), undefined)
      const late = await context.consume(adapter, topic, { group: 'g', startFrom: 'latest' })
      await adapter.publish([message(topic, '5', { key: 'k' })])
      assert.deepEqual(
        bodies(await takeThrough(context, late, '5')),
        ['5'],
        'What the old group had open is forgotten, too.',
      )
      await late.close()
      await adapter.deleteGroup(topic, 'g')
      const early = await context.consume(adapter, topic, { group: 'g', startFrom: 'earliest' })
      assert.deepEqual(bodies(await takeThrough(context, early, '5')), ['1', '2', '3', '4', '5'])
      await adapter.deleteGroup(topic, 'never seen')
    },
  },
  {
    tier: 'spi',
    name: 'a group is not deleted while it has members, and nothing happens to them',
    promise: 'Nobody takes a group away from those who are at work, by mistake or by a name that is used twice.',
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const [consumer] = await context.group([one], topic)
      assert.ok(consumer)
      await one.publish(numbered(topic, 3, { key: 'k' }))
      const [first] = await take(context, consumer, 1)
      await assert.rejects(other.deleteGroup(topic, 'g'), { code: 'BUS_GROUP_IN_USE' })
      await first?.ack()
      assert.deepEqual(bodies(await takeThrough(context, consumer, '3')), ['2', '3'])
      await consumer.close()
      await other.deleteGroup(topic, 'g')
      assert.equal(await other.inspect(topic, 'g'), undefined)
    },
  },
]
