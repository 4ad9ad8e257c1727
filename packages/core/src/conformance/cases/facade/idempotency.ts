import assert from 'node:assert/strict'
import { ConfigInvalidError, InMemoryIdempotencyStore, type IdempotencyStore } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

/** Of the store that `make` gives: they tell a good one from one that only looks like it. */
export function idempotencyCasesOn(make: () => IdempotencyStore): readonly ConformanceCase[] {
  return [
    {
      tier: 'facade',
      name: 'with an idempotency store an event that comes twice is handled once, and a failed start does not count',
      promise: 'What was published again after a doubt, or delivered again after a crash, does no harm.',
      run: onStage(async (stage) => {
        const [{ bus, hooks }, topic, store] = [await stage.process(), stage.topic(), make()]
        const seen = stage.recorder(({ payload }, { attempt }) => {
          if (payload === 'x' && attempt < 3) throw new Error('not yet')
        })
        const other = stage.recorder()
        const options = { retry: quick, idempotency: { store } }
        await bus.subscribe(topic, seen.handle, { ...options, consumerGroup: 'g' })
        await bus.subscribe(topic, other.handle, { ...options, consumerGroup: 'other' })
        const { metadata } = await bus.publish(topic, 'tested', 'x', { key: 'k' })
        await bus.publish(topic, 'tested', 'x', { key: 'k', metadata: { eventId: metadata.eventId } })
        await bus.publish(topic, 'tested', 'last', { key: 'k' })
        for (const each of [seen, other]) {
          await each.handled.first('the last', ({ event }) => event.payload === 'last')
          assert.deepEqual(each.payloads, ['x', 'last'])
        }
        assert.deepEqual(seen.attempts, [1, 2, 3, 1])
        assert.deepEqual([hooks.retry.count, hooks.error.count], [2, 0])
        // Somebody means it.
        await bus.replay({ topic, limit: 1, into: { group: 'g' } })
        await seen.handled.reached(3)
        assert.equal(seen.handled.items[2]?.replayed, true)
      }),
    },
    {
      tier: 'facade',
      name: 'an event that somebody else is at waits, at no charge, and is handled if that one fails',
      promise: 'Two deliveries at the same time are neither handled side by side nor lost.',
      run: onStage(async (stage) => {
        const [{ bus, hooks }, topic, store] = [await stage.process(), stage.topic(), make()]
        const seen = stage.recorder()
        await bus.subscribe(topic, seen.handle, {
          consumerGroup: 'g',
          maxRetries: 0,
          useDLQ: true,
          idempotency: { store, leaseMs: 60_000 },
        })
        const [taken, failing] = ['taken', 'failing'].map((name) => `${topic}-${name}`)
        const key = (id: string | undefined): string => `${topic}/g/${id}`
        for (const id of [taken, failing]) assert.equal(await store.claim(key(id), 'somebody', 60_000), 'claimed')
        for (const eventId of [taken, failing] as string[])
          await bus.publish(topic, 'tested', eventId, { metadata: { eventId } })
        await bus.publish(topic, 'tested', 'free', { key: 'k' })
        await seen.handled.first('the free one', ({ event }) => event.payload === 'free')
        assert.equal(seen.starts.count, 1)
        await store.release(key(failing), 'somebody else')
        await store.done(key(taken), 'somebody', 60_000)
        await store.release(key(failing), 'somebody')
        await seen.handled.first('the one that was given up', ({ event }) => event.payload === failing)
        await stage.context.until('It is done', async () => (await store.claim(key(failing), 'late', 1)) === 'done')
        await bus.publish(topic, 'tested', 'last', { metadata: { eventId: taken as string } })
        await bus.publish(topic, 'tested', 'end')
        await seen.handled.first('the end', ({ event }) => event.payload === 'end')
        assert.deepEqual(new Set(seen.payloads), new Set(['free', failing, 'end']))
        assert.deepEqual(new Set(seen.attempts), new Set([1]))
        assert.deepEqual([hooks.retry.count, hooks.deadLetter.count], [0, 0])
      }),
    },
    {
      tier: 'facade',
      name: 'what a process that died had claimed is free after its lease, and a claim is kept as long as the handler runs',
      promise: 'A crash delays an event, and a slow handler is not joined by a second one.',
      run: onStage(async (stage) => {
        const [{ bus }, topic, store, gate] = [await stage.process(), stage.topic(), make(), stage.gate()]
        const seen = stage.recorder(({ payload }) => (payload === 'slow' ? gate.opened : undefined))
        await bus.subscribe(topic, seen.handle, {
          consumerGroup: 'g',
          concurrency: 2,
          idempotency: { store, leaseMs: 1_000, ttlMs: 60_000 },
        })
        const dead = await bus.publish(topic, 'tested', 'warm up')
        await seen.handled.reached(1)
        const eventId = `${dead.metadata.eventId}-dead`
        const key = `${topic}/g/${eventId}`
        assert.equal(await store.claim(key, 'who dies', 1_000), 'claimed')
        const at = Date.now()
        await bus.publish(topic, 'tested', 'orphan', { metadata: { eventId } })
        const start = await seen.starts.first('the orphan', ({ event }) => event.payload === 'orphan')
        assert.ok(start.at - at >= 700, 'Not before the lease is over.')
        const slow = await bus.publish(topic, 'tested', 'slow')
        const started = await seen.starts.first('the slow one', ({ event }) => event.payload === 'slow')
        const slowKey = `${topic}/g/${slow.metadata.eventId}`
        await stage.context.until('Several leases have passed', () => Date.now() - started.at > 2_500)
        assert.equal(await store.claim(slowKey, 'another', 1_000), 'busy')
        gate.open()
        await seen.handled.reached(3)
        await stage.context.until('It is done', async () => (await store.claim(slowKey, 'another', 50)) === 'done')
      }),
    },
  ]
}

export const idempotencyCases: readonly ConformanceCase[] = [
  ...idempotencyCasesOn(() => new InMemoryIdempotencyStore()),
  {
    tier: 'facade',
    name: 'a store that fails costs an event time and no attempt; what is done stays done though it could not be marked',
    promise: 'The store is a help, not one more thing that loses events.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const store = new InMemoryIdempotencyStore()
      let broken = 3
      const fails = async (): Promise<never> => {
        throw new Error('the store is away')
      }
      const flaky: IdempotencyStore = {
        claim: (...claim) => (broken-- > 0 ? fails() : store.claim(...claim)),
        renew: (...claim) => store.renew(...claim),
        done: fails,
        release: (...claim) => store.release(...claim),
      }
      const seen = stage.recorder()
      const options = { consumerGroup: 'g', maxRetries: 0, useDLQ: true, idempotency: { store: flaky, leaseMs: 1_000 } }
      await bus.subscribe(topic, seen.handle, options)
      await bus.publish(topic, 'tested', 'x', { key: 'k' })
      await seen.handled.reached(1)
      await bus.publish(topic, 'tested', 'last', { key: 'k' })
      await seen.handled.reached(2)
      assert.deepEqual(
        [seen.payloads, seen.attempts],
        [
          ['x', 'last'],
          [1, 1],
        ],
      )
      assert.deepEqual([hooks.deadLetter.count, hooks.retry.count], [0, 0])
      const told = hooks.error.items.map(({ operation }) => operation)
      assert.deepEqual(told.slice(0, 4), [
        ...Array.from({ length: 3 }, () => 'claiming an event'),
        'marking an event as handled',
      ])
      await rejection(ConfigInvalidError, bus.subscribe(topic, seen.handle, { idempotency: { store } }))
      await rejection(
        ConfigInvalidError,
        bus.subscribe(topic, seen.handle, { consumerGroup: 'g', autoAck: false, idempotency: { store } }),
      )
    }),
  },
]
