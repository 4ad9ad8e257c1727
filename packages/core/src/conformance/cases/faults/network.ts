import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventBusError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { within } from '../../support/deadline.ts'
import { KeyWatch } from '../../support/facade-key-watch.ts'
import { eventsOf, ids, onStage } from '../../support/facade-stage.ts'
import { bodies, bodyOf, history, message, numbered } from '../../support/messages.ts'
import { take } from '../../support/take.ts'

export const networkCases: readonly ConformanceCase[] = [
  {
    tier: 'faults',
    name: 'a wire that lets nothing through is noticed; when it is back all goes on, nothing is lost, and no death is counted',
    promise: 'A network that fails without a sign costs time and nothing else.',
    needs: { remote: true },
    async run(context) {
      const [backend, adapter, topic] = [await context.backend(), await context.private(), context.topic()]
      const [consumer] = await context.group([adapter], topic)
      assert.ok(consumer)
      await adapter.publish(numbered(topic, 4, { key: 'k' }))
      const held = await take(context, consumer, 4)
      backend.cut()
      await assert.rejects(adapter.ping(AbortSignal.timeout(500)), 'A ping without an answer rejects.')
      const publishing = Promise.allSettled(
        numbered(topic, 6, { key: 'k' }, 'meanwhile ').map((one) => adapter.publish([one])),
      )
      await sleep(300)
      backend.restore()
      const outcomes = await within(2 * context.patienceMs, 'Every publish', publishing)
      const stored = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [`meanwhile ${index + 1}`] : []))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(EventBusError.is(outcome.reason), String(outcome.reason))
      }
      await context.until('A ping is answered again', () =>
        adapter.ping(AbortSignal.timeout(1_000)).then(
          () => true,
          () => false,
        ),
      )
      await adapter.publish([message(topic, 'last', { key: 'k' })])
      for (const delivery of held.slice(1).toReversed()) await delivery.release()
      await held[0]?.ack()
      const seen: string[] = []
      while (!seen.includes('last')) {
        for (const delivery of await take(context, consumer, 1)) {
          seen.push(bodyOf(delivery.message))
          assert.equal(delivery.redeliveries, 0, 'A broken connection is no death.')
          await delivery.ack()
        }
      }
      const wanted = new Set(['2', '3', '4', ...stored, 'last'])
      assert.deepEqual(new Set(seen.filter((body) => wanted.has(body))), wanted)
      const kept = new Set(bodies(await history(adapter, { topic })))
      assert.deepEqual(
        stored.filter((body) => !kept.has(body)),
        [],
        'What was confirmed is stored.',
      )
    },
  },
  {
    tier: 'faults',
    name: 'connections that are reset and a wire that stalls again and again change nothing for those who handle events',
    promise: 'Bad networks are the business of the adapter.',
    needs: { remote: true },
    run: onStage(async (stage) => {
      const [backend, topic, watch] = [await stage.context.backend(), stage.topic(), new KeyWatch(4)]
      const [publisher, consumer] = [await stage.private(), await stage.private()]
      const seen = stage.recorder((event, context) => watch.handling(context, event, () => sleep(2)))
      await consumer.bus.subscribe(topic, seen.handle, { consumerGroup: 'g', concurrency: 4 })
      await stage.ready(consumer)
      await publisher.bus.publishBatch(topic, watch.entries(50))
      for (const [round, count] of [40, 80, 120].entries()) {
        await seen.handled.reached(count)
        if (round % 2 === 0) backend.reset()
        for (let stall = 0; stall < 3; stall++) {
          backend.cut()
          await sleep(60)
          backend.restore()
          await sleep(20)
        }
      }
      await seen.handled.until('every event', (starts) => new Set(ids(starts.map(({ event }) => event))).size === 200)
      watch.assertFirstOrder(50)
      await stage.context.until('It is healthy again', () => consumer.bus.isHealthy())
    }),
  },
  {
    tier: 'faults',
    name: 'health follows the backend down and up, also in a process that only publishes',
    promise: 'A load balancer sees what is so, without a restart.',
    needs: { remote: true },
    run: onStage(async (stage) => {
      const [backend, topic] = [await stage.context.backend(), stage.topic()]
      const [publisher, consumer] = [await stage.private(), await stage.private()]
      await publisher.bus.publish(topic, 'tested', 'before')
      await consumer.bus.subscribe(topic, () => {}, { consumerGroup: 'g' })
      await stage.ready(consumer)
      const both = async (): Promise<boolean[]> => Promise.all([publisher.bus.isHealthy(), consumer.bus.isHealthy()])
      assert.deepEqual(await both(), [true, true])
      backend.cut()
      await stage.context.until('Both see that it is away', async () => (await both()).every((healthy) => !healthy))
      backend.restore()
      await stage.context.until('Both see that it is back', async () => (await both()).every((healthy) => healthy))
    }),
  },
  {
    tier: 'faults',
    name: 'a server that is killed and started again, twice in the middle of the work, loses nothing that it had confirmed',
    promise: 'An outage of the backend delays events.',
    needs: { remote: true, durable: true },
    run: onStage(async (stage) => {
      const [backend, topic, seen] = [await stage.context.backend(), stage.topic(), stage.recorder()]
      const [publisher, consumer] = [await stage.private(), await stage.private()]
      await consumer.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await stage.ready(consumer)
      const total = 240
      const confirmed = new Set<string>()
      let next = 0
      const publish = async (): Promise<void> => {
        while (next < total) {
          const eventId = `event-${next++}`
          // What failed is published again with its identity, as any application would.
          for (let stored = false; !stored && !stage.context.signal.aborted;) {
            stored = await publisher.bus
              .publish(topic, 'tested', eventId, { key: `k${next % 8}`, metadata: { eventId } })
              .then(
                () => true,
                () => sleep(50, false),
              )
          }
          confirmed.add(eventId)
          await sleep(5)
        }
      }
      const publishing = Promise.all(Array.from({ length: 4 }, publish))
      for (const share of [total / 3, total / 2]) {
        await stage.context.until(`${share} are confirmed`, () => confirmed.size >= share)
        await backend.restart()
      }
      await stage.within('Publishing', publishing, 3 * stage.context.patienceMs)
      const isComplete = (): boolean => new Set(ids(seen.starts.items.map(({ event }) => event))).size === total
      await stage.context.until('Every event is handled', isComplete)
      assert.equal(new Set(ids(await eventsOf(consumer.bus.history(topic)))).size, total)
    }),
  },
  {
    tier: 'faults',
    name: 'a backend that has forgotten everything is filled anew: what is published from then on is handled',
    promise: 'A lost group or an emptied server needs no restart of the services.',
    needs: { remote: true },
    run: onStage(async (stage) => {
      const [backend, topic] = [await stage.context.backend(), stage.topic()]
      const [grouped, alone] = [stage.recorder(), stage.recorder()]
      const { bus } = await stage.private()
      await bus.subscribe(topic, grouped.handle, { consumerGroup: 'g' })
      await bus.subscribe(topic, alone.handle)
      await bus.publish(topic, 'tested', 'before')
      await Promise.all([grouped.handled.reached(1), alone.handled.reached(1)])
      await backend.wipe()
      // The first of them may fall into the gap in which nobody knows yet that anything is lost.
      let number = 0
      const reached = (): boolean =>
        [grouped, alone].every(({ payloads }) => payloads.includes(`after ${Math.max(1, number - 3)}`))
      await stage.context.until('Events flow again', async () => {
        await bus.publish(topic, 'tested', `after ${++number}`).catch(() => undefined)
        await sleep(100)
        return number > 3 && reached()
      })
      const published = await bus.publish(topic, 'tested', 'settled')
      for (const { handled } of [grouped, alone]) {
        await handled.first('the last one', ({ event }) => event.metadata.eventId === published.metadata.eventId)
      }
    }),
  },
]
