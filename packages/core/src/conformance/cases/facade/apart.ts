import assert from 'node:assert/strict'
import type { BaseEvent } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { ids, onStage, quick } from '../../support/facade-stage.ts'
import { assertSame } from '../../support/messages.ts'

const entries = Array.from({ length: 40 }, (_, index) => ({
  type: 'tested',
  payload: { number: index },
  key: index % 2 === 0 ? `k${index % 6}` : undefined,
}))

function spoil(event: BaseEvent): void {
  Object.assign(event, { type: 'spoiled' })
  Object.assign(event.metadata, { eventId: 'spoiled', custom: 'spoiled' })
  const payload = event.payload as { list: { name: string }[] }
  payload.list.push({ name: 'spoiled' })
  Object.assign(payload.list[0] ?? {}, { name: 'spoiled' })
}

export const apartCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a handler that changes its event changes it for nobody else, and not for its own next start',
    promise: 'Handlers need not know of one another, and a retry starts from the same event.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const spoiling = stage.recorder((event, { attempt }) => {
        spoil(event)
        if (attempt < 3) throw new Error('again')
      })
      const [same, other] = [stage.recorder(), stage.recorder()]
      await bus.subscribe(topic, spoiling.handle, { consumerGroup: 'spoiling', retry: quick })
      await bus.subscribe(topic, spoiling.handle, { retry: quick })
      await bus.subscribe(topic, same.handle)
      await bus.subscribe(topic, other.handle, { consumerGroup: 'other' })
      const metadata = { custom: { a: 1 } }
      const published = await bus.publish(topic, 'tested', { list: [{ name: 'x' }] }, { metadata })
      await spoiling.starts.reached(6)
      await spoiling.handled.reached(2)
      await Promise.all([same.handled.reached(1), other.handled.reached(1)])
      for (const { starts } of [spoiling, same, other]) {
        for (const { event } of starts.items) {
          assert.deepEqual(event, { type: 'tested', payload: { list: [{ name: 'x' }] }, metadata: published.metadata })
        }
      }
      assert.ok(
        hooks.retry.items.every(({ eventId, type }) => eventId === published.metadata.eventId && type === 'tested'),
      )
      for await (const event of bus.history(topic)) assert.deepEqual(event, published)
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription that fails is the only one that retries',
    promise: 'One broken service costs the others nothing.',
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const failing = stage.recorder((_event, { attempt }) => {
        if (attempt < 3) throw new Error('not yet')
      })
      const good = { group: stage.recorder(), broadcast: stage.recorder() }
      await bus.subscribe(topic, failing.handle, { consumerGroup: 'failing', retry: quick })
      await bus.subscribe(topic, failing.handle, { retry: quick, useDLQ: true, maxRetries: 1 })
      await bus.subscribe(topic, good.group.handle, { consumerGroup: 'good' })
      await bus.subscribe(topic, good.broadcast.handle)
      const published = await bus.publishBatch(topic, entries)
      await failing.starts.reached(3 * entries.length + 2 * entries.length)
      for (const seen of Object.values(good)) {
        await seen.handled.reached(entries.length)
        assertSame(ids(seen.starts.items.map(({ event }) => event)), ids(published), 'Each event was started once')
        assert.ok(seen.attempts.every((attempt) => attempt === 1))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription whose handler is stuck holds up no other, in its process or elsewhere',
    promise: 'The slowest subscriber does not set the pace.',
    run: onStage(async (stage) => {
      const [[here, there], topic, gate] = [await stage.processes(2), stage.topic(), stage.gate()]
      const stuck = stage.recorder(() => gate.opened)
      const good = [stage.recorder(), stage.recorder(), stage.recorder()] as const
      // A window much smaller than what is published.
      await here.bus.subscribe(topic, stuck.handle, { consumerGroup: 'stuck', prefetch: 4 })
      await here.bus.subscribe(topic, stuck.handle, { prefetch: 4 })
      await here.bus.subscribe(topic, good[0].handle, { consumerGroup: 'good' })
      await here.bus.subscribe(topic, good[1].handle)
      await there.bus.subscribe(topic, good[2].handle, { consumerGroup: 'elsewhere' })
      const published = await here.bus.publishBatch(topic, entries)
      for (const seen of good) {
        await seen.handled.reached(entries.length)
        assertSame(ids(seen.starts.items.map(({ event }) => event)), ids(published), 'Each event was started once')
      }
      assert.ok(stuck.starts.count <= 2, 'Each of them is stuck in its first event.')
      gate.open()
      await stuck.handled.reached(2 * entries.length)
      assert.equal(stuck.starts.count, 2 * entries.length)
    }),
  },
]
