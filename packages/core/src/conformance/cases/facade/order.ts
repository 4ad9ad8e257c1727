import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { RetryAfterError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { KeyWatch } from '../../support/facade-key-watch.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const orderCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'events of one key are handled in order, one at a time, while other keys go on beside them',
    promise: 'What happened to one customer is handled as it happened, and no customer waits for another.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, watch] = [await stage.process(), stage.topic(), new KeyWatch(20)]
      const [together, allHere] = [8, stage.gate()]
      const seen = stage.recorder((event, context) =>
        watch.handling(context, event, async () => {
          if (watch.running === together) allHere.open()
          await allHere.opened
        }),
      )
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', concurrency: together })
      await bus.publishBatch(topic, watch.entries(15))
      await seen.handled.reached(300)
      watch.assertOrder(15)
      assert.equal(watch.most, together, 'As many as `concurrency` allows were at work, and never more.')
    }),
  },
  {
    tier: 'facade',
    name: 'with a concurrency of one, one handler runs at a time, whatever the keys',
    promise: 'The default needs no thought about what runs beside what.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, watch] = [await stage.process(), stage.topic(), new KeyWatch(6)]
      const seen = stage.recorder((event, context) => watch.handling(context, event))
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      await bus.publishBatch(topic, watch.entries(10))
      await bus.publishBatch(
        topic,
        Array.from({ length: 10 }, () => ({ type: 'tested', payload: 'without a key' })),
      )
      await seen.handled.reached(70)
      watch.assertOrder(10)
      assert.equal(watch.most, 1)
    }),
  },
  {
    tier: 'facade',
    name: 'a failed event holds back its key until it is settled, and no other key',
    promise: 'A retry does not turn "created, paid" into "paid, created".',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(({ payload }, { attempt }) => {
        if (payload === 'a1' && attempt < 3) throw new RetryAfterError(150)
        if (payload === 'a2' && attempt < 2) throw new Error('once')
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      const payloads = ['a1', 'a2', 'b1', 'a3', 'b2', 'c1']
      await bus.publishBatch(
        topic,
        payloads.map((payload) => ({ type: 'tested', payload, key: payload[0] })),
      )
      await seen.handled.reached(payloads.length)
      const handledOf = (key: string): string[] =>
        seen.payloads.map(String).filter((payload) => payload.startsWith(key))
      assert.deepEqual([handledOf('a'), handledOf('b'), handledOf('c')], [['a1', 'a2', 'a3'], ['b1', 'b2'], ['c1']])
      const startsOfA = seen.starts.items
        .filter(({ key }) => key === 'a')
        .map(({ event, attempt }) => `${event.payload}/${attempt}`)
      assert.deepEqual(startsOfA, ['a1/1', 'a1/2', 'a1/3', 'a2/1', 'a2/2', 'a3/1'])
      // They had 300 ms for it, and need none.
      assert.deepEqual(new Set(seen.payloads.slice(0, 3)), new Set(['b1', 'b2', 'c1']))
    }),
  },
  {
    tier: 'facade',
    name: 'a key is held back whatever the delay, and also until its event is dead-lettered or given up',
    promise: 'No threshold exists above which order is lost.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      for (const useDLQ of [true, false]) {
        const group = useDLQ ? 'with' : 'without'
        const seen = stage.recorder(({ payload }) => {
          if (payload === 1) throw new Error('never')
        })
        const retry = { initialDelayMs: 120, factor: 1, jitter: 0, holdUpToMs: 10 }
        await bus.subscribe(topic, seen.handle, {
          consumerGroup: group,
          useDLQ,
          maxRetries: 2,
          retry,
          startFrom: 'earliest',
        })
        if (useDLQ)
          await bus.publishBatch(
            topic,
            [1, 2, 3].map((payload) => ({ type: 'tested', payload, key: 'k' })),
          )
        await seen.handled.reached(2)
        assert.deepEqual(
          seen.starts.items.map(({ event }) => event.payload),
          [1, 1, 1, 2, 3],
        )
      }
      assert.ok(
        hooks.retry.items.every(({ deferred }) => !deferred),
        'None of them went another way.',
      )
      assert.deepEqual([hooks.deadLetter.count, hooks.failed.count], [1, 1])
    }),
  },
  {
    tier: 'facade',
    name: 'order holds under retry, with many keys at once and several members',
    promise: 'Failures, concurrency and scaling out do not break it, together or alone.',
    run: onStage(async (stage) => {
      const [processes, topic, watch] = [await stage.processes(3), stage.topic(), new KeyWatch(12)]
      const seen = stage.recorder((event, context) =>
        watch.handling(context, event, async () => {
          if (event.payload % 4 === 0 && context.attempt < 3) throw new Error('not yet')
        }),
      )
      // Two members share a process, the others have one of their own.
      for (const { bus } of [processes[0], ...processes]) {
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', concurrency: 4, prefetch: 16, retry: quick })
      }
      await stage.ready(...processes)
      for (let round = 0; round < 4; round++) await processes[0].bus.publishBatch(topic, watch.entries(5))
      await seen.handled.reached(240)
      watch.assertOrder(20, (number) => (number % 4 === 0 ? 3 : 1))
      assert.equal(seen.handled.count, 240)
    }),
  },
  {
    tier: 'facade',
    name: 'with ordered: false later events of a key do not wait for a failed one',
    promise: 'Whoever needs no order under failure gets throughput instead.',
    run: onStage(async (stage) => {
      for (const consumerGroup of ['g', undefined]) {
        const [{ bus, hooks }, topic, watch] = [await stage.process(), stage.topic(), new KeyWatch(1)]
        const seen = stage.recorder((event, context) =>
          watch.handling(context, event, async () => {
            if (event.payload === 1 && context.attempt < 2) throw new RetryAfterError(300)
          }),
        )
        await bus.subscribe(topic, seen.handle, { consumerGroup, ordered: false, concurrency: 4, retry: quick })
        await bus.publishBatch(topic, watch.entries(4))
        await seen.handled.reached(4)
        assert.deepEqual(seen.payloads, [2, 3, 4, 1])
        assert.deepEqual(seen.attempts, [1, 1, 1, 1, 2])
        const ways = hooks.retry.items.map(({ deferred }) => deferred)
        assert.deepEqual(ways, [consumerGroup !== undefined], 'By way of the retry topic, where there is one.')
      }
    }),
  },
  {
    tier: 'facade',
    name: 'with ordered: false events of one key still run one at a time',
    promise: 'Two handlers never work on one customer at once, whatever the order.',
    run: onStage(async (stage) => {
      for (const consumerGroup of ['g', undefined]) {
        const [{ bus }, topic, watch] = [await stage.process(), stage.topic(), new KeyWatch(1)]
        const seen = stage.recorder((event, context) =>
          watch.handling(context, event, async () => {
            if (event.payload === 1 && context.attempt < 3) throw new RetryAfterError(10)
            await sleep(25)
          }),
        )
        await bus.subscribe(topic, seen.handle, { consumerGroup, ordered: false, concurrency: 4 })
        await bus.publishBatch(topic, watch.entries(6))
        await seen.handled.reached(6)
        assert.equal(seen.starts.count, 8)
        assert.equal(watch.most, 1)
      }
    }),
  },
]
