import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { ack, bodies, bodyOf, message, withAndWithoutKey } from '../support/messages.ts'
import { pullSome, take, takeThrough } from '../support/take.ts'

export const delayCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'a delayed message is not delivered before its time, and is delivered then',
    promise: 'Waiting costs no consumer anything, and ends when it should.',
    needs: { delays: true },
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        const start = Date.now()
        const delays = [400, 150, 300, 0]
        await adapter.publish(delays.map((delay) => message(topic, `${delay}`, { key, notBefore: start + delay })))
        const order: string[] = []
        while (order.length < delays.length) {
          for (const delivery of await pullSome(context, consumer, 1)) {
            const now = Date.now()
            const delay = bodyOf(delivery.message)
            assert.ok(now >= start + Number(delay), `What was due after ${delay} ms came after ${now - start} ms.`)
            order.push(delay)
            await delivery.ack()
          }
        }
        assert.deepEqual(order, ['0', '150', '300', '400'])
      }),
  },
  {
    tier: 'spi',
    name: 'a delayed message does not hold up those published after it',
    promise: 'Only the delayed message waits.',
    needs: { delays: true },
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish([message(topic, 'later', { key: 'k', notBefore: Date.now() + 600_000 })])
      await adapter.publish([message(topic, 'now', { key: 'k' })])
      assert.deepEqual(bodies(await takeThrough(context, consumer, 'now')), ['now'])
    },
  },
  {
    tier: 'spi',
    name: 'a delayed message is delivered to a group whose members were away when it became due',
    promise: 'A delay survives the process that asked for it, like any other message.',
    needs: { delays: true },
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const consumer = await context.consume(one, topic, { group: 'g' })
      const due = Date.now() + 100
      await one.publish([message(topic, 'x', { notBefore: due })])
      await consumer.close()
      await context.until('It is due', () => Date.now() > due)
      const again = await context.consume(other, topic, { group: 'g' })
      const deliveries = await take(context, again, 1)
      assert.deepEqual(bodies(deliveries), ['x'])
      await ack(deliveries)
    },
  },
  {
    tier: 'spi',
    name: 'a delayed message comes at once, with the time before which it is not wanted',
    promise: 'Where the backend cannot wait, the core can, if it is told.',
    needs: { delays: false },
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      const notBefore = Date.now() + 600_000
      await adapter.publish([message(topic, 'later', { notBefore }), message(topic, 'now')])
      const deliveries = await take(context, consumer, 2)
      const later = deliveries.find(({ message: stored }) => bodyOf(stored) === 'later')
      assert.equal(later?.message.notBefore, notBefore)
      await ack(deliveries)
    },
  },
  {
    tier: 'spi',
    name: 'a time that has passed delays nothing',
    promise: 'Clocks that differ a little do no harm.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish([
        message(topic, 'past', { notBefore: Date.now() - 1_000 }),
        message(topic, 'zero', { notBefore: 0 }),
      ])
      assert.deepEqual(bodies(await take(context, consumer, 2)).toSorted(), ['past', 'zero'])
    },
  },
]
