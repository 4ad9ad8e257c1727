import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from '../../spi/index.ts'
import type { ConformanceCase } from '../case.ts'
import { Journal } from '../support/journal.ts'
import { ack, bodies, message, numbered } from '../support/messages.ts'
import { take, takeThrough } from '../support/take.ts'
import { Worker } from '../support/worker.ts'

/** Numbers `from` to `to` of each key, the keys mixed. */
function rounds(topic: string, keys: number, from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, number) =>
    Array.from({ length: keys }, (_none, key) => message(topic, `k${key}:${from + number}`, { key: `k${key}` })),
  ).flat()
}

const bodiesOf = (messages: readonly Message[]): string[] => messages.map(({ body }) => String(body))

export const orderCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'the messages of each key come in the order in which they were published',
    promise: 'What happened to one entity is handled in the order in which it happened, wherever its key is stored.',
    async run(context) {
      const [adapter, topic, journal] = [await context.adapter(), context.topic(), new Journal()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      const messages = rounds(topic, 40, 1, 25)
      // Half of them in one tick, without waiting in between.
      await Promise.all(messages.slice(0, 500).map((one) => adapter.publish([one])))
      await adapter.publish(messages.slice(500))
      for (const delivery of await take(context, consumer, 1_000)) {
        journal.handles(delivery)
        await delivery.ack()
      }
      journal.assertInOrder()
      journal.assertEachOnce(bodiesOf(messages))
    },
  },
  {
    tier: 'spi',
    name: 'over several members each key keeps its order and is with one of them at a time',
    promise: 'Adding replicas does not let two of them work on one entity at once.',
    async run(context) {
      const [topic, adapters, journal] = [context.topic(), await context.members(3), new Journal()]
      const workers = await Promise.all(
        adapters.map((adapter, index) => Worker.start(context, `member ${index + 1}`, journal, adapter, topic)),
      )
      await context.ready(workers.map(({ consumer }) => consumer))
      const messages = rounds(topic, 12, 1, 25)
      for (let start = 0; start < messages.length; start += 60)
        await adapters[0]?.publish(messages.slice(start, start + 60))
      await journal.reached(context, messages.length)
      await Promise.all(workers.map((worker) => worker.leave()))
      journal.assertOneHolder()
      journal.assertEachOnce(bodiesOf(messages))
      journal.assertInOrder()
    },
  },
  {
    tier: 'spi',
    name: 'keys keep their order and their one holder when members join and leave in the middle of the work',
    promise: 'Scaling and deploying under load is safe: work is handed over only when it is settled.',
    async run(context) {
      const [topic, adapters, journal] = [context.topic(), await context.members(3), new Journal()]
      const [one, two, three] = adapters
      assert.ok(one && two && three)
      let published = 0
      const messages: Message[] = []
      const publishRounds = async (count: number): Promise<void> => {
        const more = rounds(topic, 12, published + 1, published + count)
        published += count
        messages.push(...more)
        await one.publish(more)
      }
      /** There is work to do all the time until `change` is complete. */
      const meanwhile = async <Value>(change: Promise<Value>): Promise<Value> => {
        let changing = true
        const settled = change.finally(() => (changing = false))
        while (changing && !context.signal.aborted) {
          if (journal.handled > messages.length - 60) await publishRounds(3)
          await sleep(5)
        }
        return settled
      }
      const join = async (name: string, adapter: typeof one): Promise<Worker> => {
        const worker = await Worker.start(context, name, journal, adapter, topic)
        await context.ready([worker.consumer])
        return worker
      }
      const first = await join('member 1', one)
      await publishRounds(5)
      const second = await meanwhile(join('member 2', two))
      await publishRounds(5)
      await meanwhile(first.leave())
      const third = await meanwhile(join('member 3', three))
      await publishRounds(5)
      await meanwhile(second.leave())
      await publishRounds(2)
      await journal.reached(context, messages.length)
      await third.leave()
      journal.assertOneHolder()
      journal.assertEachOnce(bodiesOf(messages))
      journal.assertInOrder()
    },
  },
  {
    tier: 'spi',
    name: 'what is released comes again in the order of its key',
    promise: 'Giving work back does not turn it upside down.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.publish(numbered(topic, 6, { key: 'k' }))
      const deliveries = await take(context, consumer, 6)
      await deliveries[0]?.ack()
      for (const delivery of deliveries.slice(1).toReversed()) await delivery.release()
      await adapter.publish([message(topic, '7', { key: 'k' })])
      assert.deepEqual(bodies(await takeThrough(context, consumer, '7')), ['2', '3', '4', '5', '6', '7'])
    },
  },
  {
    tier: 'spi',
    name: 'what a closing member had open comes again in the order of its key, before what is newer',
    promise: 'A deployment does not let a later event overtake an earlier one.',
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const consumer = await context.consume(one, topic, { group: 'g' })
      await one.publish(numbered(topic, 5, { key: 'k' }))
      await ack((await take(context, consumer, 5)).slice(0, 1))
      await one.publish([message(topic, '6', { key: 'k' })])
      await consumer.close()
      const again = await context.consume(other, topic, { group: 'g' })
      assert.deepEqual(bodies(await takeThrough(context, again, '6')), ['2', '3', '4', '5', '6'])
    },
  },
]
