import assert from 'node:assert/strict'
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
        const { subscriptions, ...stats } = await bus.getStats()
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
          lostEvents: 0,
          inFlightEvents: 0,
        })
        assert.equal((await publisher.bus.getStats()).publishedEvents, 30)
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
      }
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
