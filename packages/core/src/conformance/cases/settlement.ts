import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { ack, assertSame, bodies, message, numbered, withAndWithoutKey } from '../support/messages.ts'
import { take, takeThrough } from '../support/take.ts'

export const settlementCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'a released message comes again, at no charge, with its note',
    promise: 'Giving back is not failing, and what is known about the message stays with it.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish([message(topic, 'x', { key, headers: { a: 'b' } })])
        let [delivery] = await take(context, consumer, 1)
        assert.equal(delivery?.note, undefined)
        const { position } = delivery?.message ?? { position: undefined }
        for (const note of ['first', 'second, Grüße', '3']) {
          await delivery?.release(note)
          ;[delivery] = await take(context, consumer, 1)
          assert.equal(delivery?.message.position, position)
          assert.deepEqual(delivery && bodies([delivery]), ['x'])
          assert.deepEqual({ ...delivery?.message.headers }, { a: 'b' })
          assert.equal(delivery?.message.key, key)
          assert.equal(delivery?.redeliveries, 0, 'A release is not counted as the death of a process.')
          assert.equal(delivery?.note, note)
        }
        await delivery?.ack()
      }),
  },
  {
    tier: 'spi',
    name: 'a released message is not passed over when later ones are acknowledged',
    promise: 'Nothing is lost behind a position that moved on.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish(numbered(topic, 20, { key }))
        const deliveries = await take(context, consumer, 20)
        const released = deliveries.find((delivery) => bodies([delivery])[0] === '3')
        assert.ok(released)
        await released.release()
        await ack(deliveries.filter((delivery) => delivery !== released))
        await consumer.close()
        const again = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish([message(topic, 'last', { key })])
        assertSame(bodies(await take(context, again, 2)), ['3', 'last'], 'Exactly the released one came again')
      }),
  },
  {
    tier: 'spi',
    name: 'acknowledgements may come in any order',
    promise: 'Handlers that run side by side finish as they please.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish(numbered(topic, 30, { key }))
        const deliveries = await take(context, consumer, 30)
        // Every third one, then the others backwards: the oldest one is settled last but one.
        const last = deliveries.filter((_, index) => index % 3 !== 2).toReversed()
        for (const delivery of deliveries.filter((_, index) => index % 3 === 2)) await delivery.ack()
        for (const delivery of last) await delivery.ack()
        await consumer.close()
        await adapter.publish([message(topic, 'last', { key })])
        const again = await context.consume(adapter, topic, { group: 'g' })
        assert.deepEqual(bodies(await takeThrough(context, again, 'last')), ['last'])
      }),
  },
  {
    tier: 'spi',
    name: 'after a close, what was not acknowledged comes again, and what was does not',
    promise: 'A handler that did not finish is not taken for one that did, and the other way round.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [topic, [one, other]] = [context.topic(), await context.members(2)]
        assert.ok(one && other)
        const consumer = await context.consume(one, topic, { group: 'g' })
        await one.publish(numbered(topic, 12, { key }))
        const deliveries = await take(context, consumer, 12)
        const open = deliveries.filter((_, index) => [0, 4, 5, 11].includes(index))
        // Not awaited: close() records what was acknowledged before it.
        for (const delivery of deliveries) if (!open.includes(delivery)) void delivery.ack()
        await consumer.close()
        const again = await context.consume(other, topic, { group: 'g' })
        await one.publish([message(topic, 'last', { key })])
        const redelivered = await take(context, again, 5)
        assertSame(bodies(redelivered), [...bodies(open), 'last'], 'Exactly the open ones came again')
        for (const { redeliveries } of redelivered) assert.equal(redeliveries, 0, 'Closing is not dying.')
        await ack(redelivered)
      }),
  },
  {
    tier: 'spi',
    name: 'the last acknowledgements are recorded before close resolves, however many they are',
    promise: 'A rolling deployment repeats nothing that was finished.',
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      let consumer = await context.consume(one, topic, { group: 'g' })
      for (const [round, adapter] of [other, one, other].entries()) {
        await one.publish(numbered(topic, 100, { key: 'k' }, `${round}:`))
        const deliveries = await take(context, consumer, 100)
        assert.equal(bodies(deliveries)[0], `${round}:1`, 'Nothing of the round before comes again.')
        for (const delivery of deliveries) void delivery.ack()
        await consumer.close()
        consumer = await context.consume(adapter, topic, { group: 'g' })
      }
    },
  },
  {
    tier: 'spi',
    name: 'settling twice, or after the loan is lost, does nothing',
    promise: 'A handler that finishes too late can do no harm to whoever has the message now.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish(numbered(topic, 3, { key: 'k' }))
      const [first, second, third] = await take(context, consumer, 3)
      await first?.ack()
      await Promise.all([first?.ack(), first?.release()])
      await second?.release()
      await Promise.all([second?.ack(), second?.release()])
      const [secondAgain] = await take(context, consumer, 1)
      assert.deepEqual(secondAgain && bodies([secondAgain]), ['2'], 'It was released before it was acknowledged.')
      // The old loan is over; what is done with it does not touch the new one.
      await second?.ack()
      await consumer.close()
      await Promise.all([third?.ack(), third?.release(), secondAgain?.ack()])
      const again = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish([message(topic, 'last', { key: 'k' })])
      assert.deepEqual(bodies(await takeThrough(context, again, 'last')), ['2', '3', 'last'])
    },
  },
  {
    tier: 'spi',
    name: 'every message is delivered in spite of many releases',
    promise: 'Trouble with some events does not wear out the subscription.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish(
        Array.from({ length: 60 }, (_, index) => message(topic, `${index + 1}`, { key: `k${index % 7}` })),
      )
      const released = new Map<string, number>()
      const done: string[] = []
      while (done.length < 60) {
        for (const delivery of await take(context, consumer, 1)) {
          const body = bodies([delivery])[0] as string
          const times = released.get(body) ?? 0
          released.set(body, times + 1)
          if (times < Number(body) % 4) {
            await delivery.release()
          } else {
            done.push(body)
            await delivery.ack()
          }
        }
      }
      assertSame(
        done,
        Array.from({ length: 60 }, (_, index) => String(index + 1)),
        'Each was delivered until it was acknowledged',
      )
    },
  },
]
