import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { assertSame, bodies, message, numbered, withAndWithoutKey } from '../support/messages.ts'
import { take, takeThrough } from '../support/take.ts'

export const fanOutCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'without a group every consumer gets every message',
    promise: 'Subscriptions that share nothing do not take messages from each other.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [topic, [here, there]] = [context.topic(), await context.members(2)]
        assert.ok(here && there)
        const consumers = await Promise.all([here, here, there].map((adapter) => context.consume(adapter, topic)))
        await here.publish(numbered(topic, 40, { key }))
        for (const consumer of consumers) {
          const deliveries = await take(context, consumer, 40)
          assertSame(
            bodies(deliveries),
            Array.from({ length: 40 }, (_, index) => String(index + 1)),
            'Each has all',
          )
        }
      }),
  },
  {
    tier: 'spi',
    name: 'without a group a consumer gets what is published once consume() has resolved, and nothing from before',
    promise: 'Nothing is missed between subscribing and the first event, and the past is not replayed unasked.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        for (let round = 1; round <= 5; round++) {
          await adapter.publish([message(topic, `before ${round}`, { key })])
          const consumer = await context.consume(adapter, topic)
          await adapter.publish([message(topic, `first ${round}`, { key })])
          await adapter.publish([message(topic, `last ${round}`, { key })])
          assert.deepEqual(bodies(await takeThrough(context, consumer, `last ${round}`)), [
            `first ${round}`,
            `last ${round}`,
          ])
          await consumer.close()
        }
      }),
  },
  {
    tier: 'spi',
    name: 'without a group the backend remembers nothing of a consumer',
    promise: 'What one such consumer acknowledged or left open has no effect on the next one.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      await adapter.publish(numbered(topic, 3, { key: 'k' }))
      for (let round = 0; round < 2; round++) {
        const consumer = await context.consume(adapter, topic, { startFrom: 'earliest' })
        const deliveries = await take(context, consumer, 3)
        assert.deepEqual(bodies(deliveries), ['1', '2', '3'])
        await deliveries[1]?.ack()
        await consumer.close()
      }
    },
  },
  {
    tier: 'spi',
    name: 'without a group a released message comes again to the same consumer',
    promise: 'Giving back works the same with and without a group.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic)
      await adapter.publish(numbered(topic, 3, { key: 'k' }))
      const [first, second, third] = await take(context, consumer, 3)
      await Promise.all([first?.ack(), second?.release('note'), third?.ack()])
      const [again] = await take(context, consumer, 1)
      assert.equal(again && bodies([again])[0], '2')
      assert.equal(again?.note, 'note')
      await again?.ack()
    },
  },
]
