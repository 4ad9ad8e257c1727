import assert from 'node:assert/strict'
import { once } from 'node:events'
import { TimeoutError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

export const timeoutCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a start that takes too long is told to stop, and counts as failed',
    promise: 'A call that hangs does not hold up its key for ever.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(async ({ payload }, { attempt, signal }) => {
        if (payload !== 'slow' || attempt > 1) return
        await once(signal, 'abort')
        assert.ok(signal.reason instanceof TimeoutError)
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', timeoutMs: 60, retry: quick })
      for (const payload of ['slow', 'next']) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.first('the next one', ({ event }) => event.payload === 'next')
      const starts = seen.starts.items.map(({ event, attempt }) => `${event.payload}/${attempt}`)
      assert.deepEqual(starts, ['slow/1', 'slow/2', 'next/1'])
      assert.ok(seen.starts.items[0]?.signal.aborted)
      assert.ok(seen.starts.items.slice(1).every(({ signal }) => !signal.aborted))
      const [retry] = hooks.retry.items
      assert.ok(retry?.error instanceof TimeoutError)
      assert.deepEqual([retry.attempts, retry.error.afterMs], [1, 60])
    }),
  },
  {
    tier: 'facade',
    name: 'a handler that does not stop is given up after the same time again, and its key goes on',
    promise: 'No handler can hold a key hostage; until then nothing else of its key runs.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic, gate] = [await stage.process(), stage.topic(), stage.gate()]
      const seen = stage.recorder(({ payload }, { attempt }) =>
        payload === 'stuck' && attempt === 1 ? gate.opened : undefined,
      )
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', timeoutMs: 60, retry: quick, concurrency: 2 })
      for (const payload of ['stuck', 'next']) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.reached(2)
      const [first, second, next] = seen.starts.items
      assert.deepEqual([second?.event.payload, second?.attempt, next?.event.payload], ['stuck', 2, 'next'])
      assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 120, 'timeoutMs, and as long again to end.')
      gate.open()
      await seen.handled.reached(3)
      // What it returned at last is of no account.
      await bus.publish(topic, 'tested', 'last', { key: 'k' })
      await seen.handled.reached(4)
      assert.deepEqual([seen.starts.count, hooks.retry.count, hooks.failed.count], [4, 1, 0])
    }),
  },
  {
    tier: 'facade',
    name: 'only events of the wanted types reach the handler, and the others are done',
    promise: 'A filter neither delivers too much nor leaves anything lying.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [seen, all] = [stage.recorder(), stage.recorder()]
      await one.bus.subscribe(topic, seen.handle, { consumerGroup: 'g', types: ['paid', 'sent'] })
      const types = ['created', 'paid', 'created', 'sent', 'Paid', 'paid.late', 'paid']
      for (const type of types) await one.bus.publish(topic, type, type, { key: 'k' })
      await seen.handled.reached(3)
      assert.deepEqual(seen.payloads, ['paid', 'sent', 'paid'])
      await one.bus.close()
      await two.bus.subscribe(topic, all.handle, { consumerGroup: 'g' })
      await two.bus.publish(topic, 'created', 'last', { key: 'k' })
      await all.handled.reached(1)
      assert.deepEqual(all.payloads, ['last'])
      assert.equal(seen.starts.count, 3)
    }),
  },
]
