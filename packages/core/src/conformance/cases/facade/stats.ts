import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { type GroupStats, InMemoryIdempotencyStore } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'
import { faultyAdapter, type Faults } from '../../support/faulty-adapter.ts'

export const statsCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'health tells what an event survives once it is published',
    promise: 'What “stored” means is known before it matters.',
    run: onStage(async (stage) => {
      const { bus, adapter } = await stage.process()
      const { durability, live } = await bus.getHealth()
      assert.equal(live, true)
      assert.equal(durability === undefined, adapter.durability === undefined, 'An adapter that can tell is asked.')
      if (durability === undefined) return
      assert.match(durability.summary, /^[A-Z].*[.]$/, 'A sentence.')
      for (const text of [...Object.values(durability.settings), ...durability.warnings])
        assert.equal(typeof text, 'string')
      // What ends with the process says so.
      if (!adapter.capabilities.durable) assert.match(durability.summary, /process/)
    }),
  },
  {
    tier: 'facade',
    name: 'the counters add up: what was published has succeeded, is dead-lettered or was given up',
    promise: 'Numbers that one can put on a dashboard, and an alarm.',
    run: onStage(async (stage) => {
      const topic = stage.topic()
      for (const useDLQ of [true, false]) {
        const [{ bus, hooks, adapter }, publisher] = [await stage.process(), await stage.process()]
        const seen = stage.recorder(({ payload }, { attempt }) => {
          if (payload % 3 === 0 || (payload % 3 === 1 && attempt === 1)) throw new Error('no')
        })
        const options = { consumerGroup: `g-${useDLQ}`, useDLQ, maxRetries: 1, concurrency: 3, retry: quick }
        const id = await bus.subscribe(topic, seen.handle, options)
        const entries = Array.from({ length: 30 }, (_, payload) => ({
          type: 'tested',
          payload,
          key: payload % 2 === 0 ? `k${payload % 4}` : undefined,
        }))
        await publisher.bus.publishBatch(topic, entries)
        for (const payload of [30, 31, 32]) await bus.publish(topic, 'tested', payload)
        await (useDLQ ? hooks.deadLetter : hooks.failed).reached(11)
        await seen.handled.reached(22)
        await stage.context.until('Nothing is in flight', async () => (await bus.getStats()).inFlightEvents === 0)
        const { subscriptions, topics, groups, ...stats } = await bus.getStats()
        assert.deepEqual(stats, {
          adapter: adapter.name,
          isHealthy: true,
          publishedEvents: 3,
          failedPublishes: 0,
          failedEvents: 11,
          activeSubscriptions: 1,
          deliveredEvents: 55,
          succeededEvents: 22,
          retriedEvents: 22,
          deadLetteredEvents: useDLQ ? 11 : 0,
          givenUpEvents: useDLQ ? 0 : 11,
          duplicateEvents: 0,
          lostEvents: 0,
          inFlightEvents: 0,
        })
        const published = await publisher.bus.getStats()
        assert.equal(published.publishedEvents, 30)
        assert.deepEqual(published.topics, [{ topic, published: 30, failedPublishes: 0, lost: 0 }])
        assert.deepEqual(topics, [{ topic, published: 3, failedPublishes: 0, lost: 0 }])
        const [group] = groups
        const ofGroup = group?.counters
        assert.deepEqual([groups.length, group?.topic, group?.consumerGroup], [1, topic, options.consumerGroup])
        assert.deepEqual([ofGroup?.delivered, ofGroup?.succeeded], [55, 22])
        assert.equal(hooks.retry.count, 22)
        const [{ counters, ...subscription } = { counters: undefined }] = subscriptions
        assert.deepEqual(
          { ...subscription, reason: undefined },
          {
            id,
            topic,
            consumerGroup: options.consumerGroup,
            status: 'ready',
            reason: undefined,
            inFlight: 0,
          },
        )
        assert.deepEqual([counters?.delivered, counters?.failed], [55, 33])
        await bus.unsubscribe(id)
        const after = await bus.getStats()
        assert.deepEqual([after.activeSubscriptions, after.deliveredEvents], [0, 55], 'What has ended still counts.')
        assert.deepEqual(after.groups[0]?.counters, ofGroup)
      }
    }),
  },
  {
    tier: 'facade',
    name: 'statistics tell where the groups of a process stand, and how many dead letters they have',
    promise: 'One dashboard for all backends.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic, gate] = [await stage.process(), stage.topic(), stage.gate()]
      const seen = stage.recorder(({ payload }) => {
        if (payload === 'no') throw new Error('no')
        return payload === 'wait' ? gate.opened : undefined
      })
      const options = {
        useDLQ: true,
        maxRetries: 0,
        prefetch: 2,
        idempotency: { store: new InMemoryIdempotencyStore() },
      }
      await bus.subscribe(topic, seen.handle, { ...options, consumerGroup: 'g' })
      await bus.subscribe(topic, () => {}, {})
      const publish = (payload: string, eventId?: string): Promise<unknown> =>
        bus.publish(topic, 'tested', payload, eventId === undefined ? {} : { metadata: { eventId } })
      const stands = (what: string, expected: Partial<GroupStats>): Promise<void> => {
        const names = Object.keys(expected) as (keyof GroupStats)[]
        let found: unknown
        return stage.context
          .until(what, async () => {
            const group = (await bus.getStats()).groups.find(({ consumerGroup }) => consumerGroup === 'g')
            found = Object.fromEntries(names.map((name) => [name, group?.[name]]))
            return isDeepStrictEqual(found, expected)
          })
          .catch((error: unknown) => assert.deepEqual(found, expected, String(error)))
      }
      for (const payload of ['no', 'no', 'yes']) await publish(payload)
      await publish('yes', 'same')
      await publish('yes', 'same')
      await hooks.deadLetter.reached(2)
      const idle = { lag: 0, pending: 0, retries: 0, oldestPendingMs: 0, inFlight: 0 }
      await stands('All is handled', { ...idle, deadLetters: 2 })
      const { groups, duplicateEvents } = await bus.getStats()
      const of = (group: string | undefined) => groups.find(({ consumerGroup }) => consumerGroup === group)
      assert.deepEqual(of('g')?.counters, {
        delivered: 5,
        succeeded: 3,
        failed: 2,
        retried: 0,
        deadLettered: 2,
        givenUp: 0,
        duplicates: 1,
      })
      assert.equal(duplicateEvents, 1)
      assert.deepEqual([of(undefined)?.counters.succeeded, of(undefined)?.lag], [5, undefined], 'No group, no lag.')
      for (let n = 0; n < 6; n++) await publish('wait')
      await stage.context.until('It is behind', async () => {
        const group = (await bus.getStats()).groups.find(({ consumerGroup }) => consumerGroup === 'g')
        const { lag = 0, pending = 0, inFlight = 0, oldestPendingMs = 0 } = group ?? {}
        return lag + pending === 6 && inFlight > 0 && inFlight <= 2 && oldestPendingMs > 0
      })
      gate.open()
      await bus.deadLetters.discard({ topic, limit: 1 })
      await stands('One dead letter is left', { ...idle, deadLetters: 1 })
      await publish('no')
      await hooks.deadLetter.reached(3)
      await stands('A new one is counted', { ...idle, deadLetters: 2 })
    }),
  },
  {
    tier: 'facade',
    name: 'events in the hands of the process are counted as in flight',
    promise: 'One sees whether a process is stuck or idle.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, gate] = [await stage.process(), stage.topic(), stage.gate()]
      const seen = stage.recorder(() => gate.opened)
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', prefetch: 4 })
      await bus.publishBatch(
        topic,
        Array.from({ length: 10 }, (_, payload) => ({ type: 'tested', payload })),
      )
      await seen.starts.reached(1)
      const { inFlightEvents } = await bus.getStats()
      assert.ok(inFlightEvents >= 1 && inFlightEvents <= 4, `${inFlightEvents}, of a window of 4`)
      gate.open()
      await seen.handled.reached(10)
      await stage.context.until('Nothing is in flight', async () => (await bus.getStats()).inFlightEvents === 0)
    }),
  },
  {
    tier: 'facade',
    name: 'health is a round trip: true while the backend answers, false while it does not, and true again',
    promise: 'A load balancer can rely on it, also for a process that only publishes.',
    run: onStage(async (stage) => {
      const faults: Faults = {}
      const { bus } = await stage.process({ around: (adapter) => faultyAdapter(adapter, faults) })
      assert.equal(await bus.isHealthy(), true, 'Before anything was done.')
      faults.ping = () => new Error('no route to host')
      assert.equal(await bus.isHealthy(), false)
      const { live, ready, adapter } = await bus.getHealth()
      assert.deepEqual([live, ready, adapter.healthy], [false, false, false])
      assert.match(adapter.reason ?? '', /no route to host/)
      assert.equal((await bus.getStats()).isHealthy, false)
      faults.ping = undefined
      assert.equal(await bus.isHealthy(), true)
    }),
  },
  {
    tier: 'facade',
    name: 'a backend that does not answer at all is not healthy, within seconds',
    promise: 'A health check never hangs.',
    run: onStage(async (stage) => {
      const { bus } = await stage.process({
        around: (adapter) => ({ ...faultyAdapter(adapter, {}), ping: () => new Promise<void>(() => {}) }),
      })
      assert.equal(await stage.within('isHealthy()', bus.isHealthy(), 6_000), false)
    }),
  },
  {
    tier: 'facade',
    name: 'a bus is ready when all of its subscriptions deliver',
    promise: 'A deployment can wait for it.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus } = process
      for (const consumerGroup of ['g', 'g', 'h', undefined]) await bus.subscribe(topic, () => {}, { consumerGroup })
      await stage.ready(process)
      const { live, ready, adapter, subscriptions } = await bus.getHealth()
      assert.deepEqual([live, ready, adapter.healthy, adapter.name], [true, true, true, process.adapter.name])
      assert.ok(adapter.latencyMs >= 0 && adapter.latencyMs < 2_000)
      assert.deepEqual(
        subscriptions.map(({ consumerGroup, status }) => [consumerGroup, status]),
        [
          ['g', 'ready'],
          ['g', 'ready'],
          ['h', 'ready'],
          [undefined, 'ready'],
        ],
      )
    }),
  },
]
