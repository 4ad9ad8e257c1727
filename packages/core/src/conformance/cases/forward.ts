import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { bodies, bodyOf, history, message, withAndWithoutKey } from '../support/messages.ts'
import { take, takeThrough } from '../support/take.ts'

export const forwardCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'forward stores the copy and settles the delivery',
    promise: 'Passing an event on neither loses nor doubles it, whenever the process dies.',
    needs: { forwards: true },
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const target = `${topic}.g.retry`
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish([message(topic, 'x', { key })])
        const [delivery] = await take(context, consumer, 1)
        await delivery?.forward?.(message(target, 'copy of x', { key, headers: { a: 'b' } }))
        const [copy, ...others] = await history(adapter, { topic: target })
        assert.deepEqual(
          [copy && bodyOf(copy), copy?.key, copy?.headers['a'], others.length],
          ['copy of x', key, 'b', 0],
        )
        await Promise.all([delivery?.release(), delivery?.ack()])
        await consumer.close()
        const again = await context.consume(adapter, topic, { group: 'g' })
        await adapter.publish([message(topic, 'last', { key })])
        assert.deepEqual(bodies(await takeThrough(context, again, 'last')), ['last'])
      }),
  },
  {
    tier: 'spi',
    name: 'forward stores nothing when the loan is lost',
    promise: 'Who has the message now decides what becomes of it.',
    needs: { forwards: true },
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const target = `${topic}.g.retry`
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish([message(topic, 'x', { key: 'k' })])
      const [delivery] = await take(context, consumer, 1)
      await consumer.close()
      await assert.rejects(async () => delivery?.forward?.(message(target, 'copy', { key: 'k' })), {
        code: 'BUS_LOAN_LOST',
      })
      assert.deepEqual(await history(adapter, { topic: target }), [])
      const again = await context.consume(adapter, topic, { group: 'g' })
      assert.deepEqual(bodies(await take(context, again, 1)), ['x'])
    },
  },
]
