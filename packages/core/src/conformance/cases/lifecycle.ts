import assert from 'node:assert/strict'
import { EventBusError, SPEC_VERSION, type EventBusAdapter } from '../../spi/index.ts'
import type { ConformanceCase } from '../case.ts'
import { assertFacts } from '../support/facts.ts'
import { within } from '../support/deadline.ts'
import { assertSame, bodies, bodyOf, history, message, numbered } from '../support/messages.ts'
import { take } from '../support/take.ts'

const afterClose: Readonly<Record<string, (adapter: EventBusAdapter, topic: string) => Promise<unknown>>> = {
  initialize: (adapter) => adapter.initialize(),
  publish: (adapter, topic) => adapter.publish([message(topic, 'x')]),
  consume: (adapter, topic) => adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' }),
  read: (adapter, topic) => history(adapter, { topic }),
  listTopics: (adapter) => adapter.listTopics(),
  listGroups: (adapter) => adapter.listGroups(),
  inspect: (adapter, topic) => adapter.inspect(topic, 'g'),
  deleteGroup: (adapter, topic) => adapter.deleteGroup(topic, 'g'),
  ping: (adapter) => adapter.ping(),
}

export const lifecycleCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'the adapter states its version and its capabilities, and they are true',
    promise: 'The core and this suite rely on them.',
    async run(context) {
      const adapter = await context.create()
      assert.equal(adapter.specVersion, SPEC_VERSION)
      assert.match(adapter.name, /^\S+$/)
      await adapter.initialize()
      await assertFacts(context, adapter)
    },
  },
  {
    tier: 'spi',
    name: 'initialize may be called again',
    promise: 'It does not matter whether the bus or the application has connected.',
    async run(context) {
      const [adapter, topic] = [await context.create(), context.topic()]
      await Promise.all([adapter.initialize(), adapter.initialize()])
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      await adapter.initialize()
      await adapter.publish([message(topic, 'x')])
      assert.deepEqual(bodies(await take(context, consumer, 1)), ['x'])
    },
  },
  {
    tier: 'spi',
    name: 'ping resolves while the backend answers',
    promise: 'Health is a round trip, not a guess.',
    async run(context) {
      const adapter = await context.adapter()
      await within(context.patienceMs, 'ping', adapter.ping())
      await within(context.patienceMs, 'ping', adapter.ping(context.signal))
    },
  },
  {
    tier: 'spi',
    name: 'after close everything is rejected, with an error that says so',
    promise: 'Using a closed bus is a mistake that shows, not a call that hangs or is swallowed.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      await adapter.publish([message(topic, 'before')])
      await adapter.close()
      for (const [name, call] of Object.entries(afterClose)) {
        const error: unknown = await within(
          context.patienceMs,
          `${name} after close`,
          call(adapter, topic).then(
            () => assert.fail(`${name} resolved after close.`),
            (reason: unknown) => reason,
          ),
        )
        assert.ok(
          EventBusError.is(error),
          `${name} after close rejects with an error of this library, not ${String(error)}`,
        )
        assert.equal(error.code, 'BUS_CLOSED', `${name} after close`)
      }
    },
  },
  {
    tier: 'spi',
    name: 'close may be called again, at once, and before initialize',
    promise: 'Shutting down needs no bookkeeping.',
    async run(context) {
      const [adapter, unused, topic] = [await context.adapter(), await context.create(), context.topic()]
      await context.consume(adapter, topic, { group: 'g' })
      const closing = Promise.all([adapter.close(), adapter.close(), unused.close()])
      await within(context.patienceMs, 'close', closing)
      await within(context.patienceMs, 'close again', adapter.close())
    },
  },
  {
    tier: 'spi',
    name: 'close ends waiting pulls with nothing and gives back what is on loan',
    promise: 'Shutting down never hangs, and the others go on at once.',
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const holder = await context.consume(one, topic, { group: 'held' })
      const idle = await context.consume(one, topic, { group: 'idle', startFrom: 'latest' })
      await one.publish([message(topic, 'x', { key: 'k' })])
      const [held] = await take(context, holder, 1)
      const [mine] = await take(context, idle, 1)
      await mine?.ack()
      const waiting = [holder, idle].map((consumer) => consumer.pull(10, context.signal))
      await within(context.patienceMs, 'close', one.close())
      assert.deepEqual(await within(context.patienceMs, 'The waiting pulls', Promise.all(waiting)), [[], []])
      await Promise.all([held?.ack(), held?.release()])
      if (one === other) return
      const again = await context.consume(other, topic, { group: 'held' })
      assert.deepEqual(bodies(await take(context, again, 1)), ['x'])
    },
  },
  {
    tier: 'spi',
    name: 'close settles every publish that is under way, and what resolved is stored',
    promise: 'Nobody waits for ever for an answer, and the answer is true.',
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const publishing = numbered(topic, 300, { key: 'k' }).map((one300) => one.publish([one300]))
      const settling = Promise.allSettled(publishing)
      await within(context.patienceMs, 'close', one.close())
      const outcomes = await within(context.patienceMs, 'Every publish', settling)
      const stored = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [String(index + 1)] : []))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(EventBusError.is(outcome.reason), String(outcome.reason))
      }
      if (one === other) return
      const found = new Set((await history(other, { topic })).map(bodyOf))
      assert.deepEqual(
        stored.filter((body) => !found.has(body)),
        [],
        'What was confirmed is stored.',
      )
    },
  },
  {
    tier: 'spi',
    name: 'what was stored outlives the adapter that stored it',
    promise: 'A publisher may end right after its publish has resolved.',
    needs: { durable: true, shared: true },
    async run(context) {
      const [topic, publisher] = [context.topic(), await context.adapter()]
      await publisher.publish(numbered(topic, 50, { key: 'k' }))
      await publisher.close()
      const adapter = await context.adapter()
      const consumer = await context.consume(adapter, topic, { group: 'g', startFrom: 'earliest' })
      const expected = Array.from({ length: 50 }, (_, index) => String(index + 1))
      assertSame(bodies(await take(context, consumer, 50)), expected, 'All of it is there')
    },
  },
]
