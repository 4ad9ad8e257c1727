import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'
import { assertSame } from '../../support/messages.ts'

export const shutdownCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'handlers at work when the bus closes end and are acknowledged; the rest comes on reopening, nothing twice',
    promise: 'A rolling deployment loses nothing and repeats nothing.',
    run: onStage(async (stage) => {
      const [[one, two], topic, gate] = [await stage.processes(2), stage.topic(), stage.gate()]
      const [first, second] = [stage.recorder(() => gate.opened), stage.recorder()]
      await one.bus.subscribe(topic, first.handle, { consumerGroup: 'g', concurrency: 4 })
      const numbers = Array.from({ length: 60 }, (_, index) => `${index + 1}`)
      const entries = numbers.map((payload, index) => ({
        type: 'tested',
        payload,
        key: index % 3 === 0 ? undefined : `k${index % 7}`,
      }))
      await one.bus.publishBatch(topic, entries)
      await first.starts.reached(4)
      const closing = one.bus.close()
      gate.open()
      await stage.within('close()', closing)
      assert.deepEqual([first.starts.count, first.handled.count], [4, 4])
      await two.bus.subscribe(topic, second.handle, { consumerGroup: 'g', concurrency: 4 })
      await second.handled.reached(56)
      await two.bus.publish(topic, 'tested', 'last', { key: 'k1' })
      await second.handled.first('the last one', ({ event }) => event.payload === 'last')
      const all = [...first.starts.items, ...second.starts.items].map(({ event }) => String(event.payload))
      assertSame(all, [...numbers, 'last'], 'Each was started once')
      assert.ok(
        second.attempts.every((attempt) => attempt === 1),
        'Closing is not failing.',
      )
    }),
  },
  {
    tier: 'facade',
    name: 'close() in the middle of 100 handlers costs none of their events an attempt, and buries nothing',
    promise: 'However much is at work, ending is not failing.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [first, second] = [stage.recorder(() => sleep(300)), stage.recorder()]
      const options = { consumerGroup: 'g', concurrency: 100, useDLQ: true }
      await one.bus.subscribe(topic, first.handle, options)
      const numbers = Array.from({ length: 250 }, (_, index) => `${index}`)
      const entries = numbers.map((payload, index) => ({
        type: 'tested',
        payload,
        key: index % 3 === 0 ? undefined : `k${index % 149}`,
      }))
      await one.bus.publishBatch(topic, entries)
      await first.starts.reached(100)
      await stage.within('close()', one.bus.close())
      assert.equal(first.handled.count, first.starts.count, 'What was started was ended.')
      await two.bus.subscribe(topic, second.handle, options)
      await second.handled.reached(numbers.length - first.starts.count)
      await two.bus.publish(topic, 'tested', 'last', { key: 'k1' })
      await second.handled.first('the last one', ({ event }) => event.payload === 'last')
      const all = [...first.starts.items, ...second.starts.items]
      const payloads = all.map(({ event }) => String(event.payload))
      assertSame(payloads, [...numbers, 'last'], 'Each was started once')
      assert.deepEqual([...new Set(all.map(({ attempt }) => attempt))], [1])
      assert.equal(await two.bus.deadLetters.count({ topic }), 0)
      assert.deepEqual([one.hooks.retry.count, one.hooks.failed.count, two.hooks.retry.count], [0, 0, 0])
    }),
  },
  {
    tier: 'facade',
    name: 'what has just been handled is acknowledged when close() resolves, however much it was',
    promise: 'A process may end at once after that.',
    run: onStage(async (stage) => {
      const topic = stage.topic()
      for (const round of [1, 2, 3]) {
        const [{ bus }, seen] = [await stage.process(), stage.recorder()]
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
        await bus.publishBatch(
          topic,
          Array.from({ length: 100 }, (_, index) => ({ type: 'tested', payload: index, key: `${round}` })),
        )
        await seen.handled.reached(100)
        await bus.close()
        assert.equal(seen.starts.count, 100)
        assert.ok(
          seen.starts.items.every(({ key }) => key === `${round}`),
          'Nothing of the round before came again.',
        )
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a graceful close in the middle of a retry keeps its number: the next member goes on from there',
    promise: 'However often one deploys, maxRetries and the delays mean what they say.',
    run: onStage(async (stage) => {
      const topic = stage.topic()
      const retry = { ...quick, initialDelayMs: 1_000, maxDelayMs: 1_000 }
      const options = { consumerGroup: 'g', useDLQ: true, maxRetries: 3, retry }
      const seen = stage.recorder(() => Promise.reject(new Error('no')))
      const started = Date.now()
      let published = 0
      for (const attempt of [1, 2, 3, 4]) {
        const { bus, hooks } = await stage.process()
        await bus.subscribe(topic, seen.handle, options)
        for (const key of published === 0 ? ['k', undefined] : []) {
          await bus.publish(topic, 'tested', key ?? 'none', { key })
          published = Date.now()
        }
        await (attempt < 4 ? hooks.retry : hooks.deadLetter).reached(2)
        await bus.close()
        if (attempt < 4) continue
        assert.ok(hooks.deadLetter.items.every(({ attempts }) => attempts === 4))
      }
      for (const payload of ['k', 'none']) {
        const starts = seen.starts.items.filter(({ event }) => event.payload === payload)
        assert.deepEqual(
          starts.map(({ attempt }) => attempt),
          [1, 2, 3, 4],
          payload,
        )
        for (const [index, { at }] of starts.entries()) {
          const before = starts[index - 1]?.at ?? 0
          assert.ok(at - before >= 1_000, `Start ${index + 1} came ${at - before} ms after the one before.`)
        }
      }
      const { bus } = await stage.process()
      for await (const { metadata } of bus.history(`${topic}.g.dlq`)) {
        const [first, last] = [Date.parse(metadata.firstFailureAt ?? ''), Date.parse(metadata.lastFailureAt ?? '')]
        assert.ok(first >= started && first < last, 'The first failure was in another process.')
        assert.ok(last >= (seen.starts.items.at(-2)?.at ?? 0))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'at its deadline close() tells the handlers to stop and gives their events back',
    promise: 'A stuck handler cannot keep a process alive, and its event is not lost.',
    run: onStage(async (stage) => {
      const [[one, two], topic, gate] = [await stage.processes(2), stage.topic(), stage.gate()]
      const stuck = stage.recorder(() => gate.opened)
      const obedient = stage.recorder(async (_event, { signal }) => {
        await once(signal, 'abort')
        throw signal.reason
      })
      const other = stage.topic()
      await one.bus.subscribe(topic, stuck.handle, { consumerGroup: 'g' })
      await one.bus.subscribe(other, obedient.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 0 })
      for (const payload of [1, 2]) {
        for (const name of [topic, other]) await one.bus.publish(name, 'tested', payload, { key: 'k' })
      }
      await Promise.all([stuck.starts.reached(1), obedient.starts.reached(1)])
      await stage.within('close()', one.bus.close({ timeoutMs: 100 }))
      assert.ok(stuck.starts.items[0]?.signal.aborted && obedient.starts.items[0]?.signal.aborted)
      const [next, nextOther] = [stage.recorder(), stage.recorder()]
      await two.bus.subscribe(topic, next.handle, { consumerGroup: 'g' })
      await two.bus.subscribe(other, nextOther.handle, { consumerGroup: 'g' })
      await Promise.all([next.handled.reached(2), nextOther.handled.reached(2)])
      gate.open()
      for (const seen of [next, nextOther]) assert.deepEqual(seen.payloads, [1, 2])
      assert.deepEqual(
        [one.hooks.deadLetter.count, one.hooks.failed.count],
        [0, 0],
        'Being told to stop is no failure.',
      )
      await two.bus.publish(topic, 'tested', 3, { key: 'k' })
      await next.handled.reached(3)
      assert.deepEqual(next.payloads, [1, 2, 3], 'What the stuck one did afterwards is of no account.')
    }),
  },
  {
    tier: 'facade',
    name: 'a handler at work when the bus closes may still publish',
    promise: 'A step of a saga that has begun can be finished: closing does not make it fail.',
    run: onStage(async (stage) => {
      const [[one, two], topic, gate] = [await stage.processes(2), stage.topic(), stage.gate()]
      const [target, seen] = [stage.topic(), stage.recorder()]
      await two.bus.subscribe(target, seen.handle, { consumerGroup: 'g' })
      const step = stage.recorder(async ({ payload }) => {
        await gate.opened
        await one.bus.publish(target, 'next', payload)
        await one.bus.publishBatch(target, [{ type: 'next', payload }])
      })
      await one.bus.subscribe(topic, step.handle, { consumerGroup: 'g', maxRetries: 0, useDLQ: true })
      await one.bus.publish(topic, 'tested', 'x')
      await step.starts.reached(1)
      const closing = one.bus.close()
      gate.open()
      await stage.within('close()', closing)
      assert.deepEqual([step.handled.count, one.hooks.deadLetter.count], [1, 0])
      await seen.handled.reached(2)
      assert.deepEqual(seen.payloads, ['x', 'x'])
    }),
  },
]
