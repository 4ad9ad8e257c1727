import assert from 'node:assert/strict'
import { MessageUnreadableError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { eventsOf, ids, onStage, quick, stored } from '../../support/facade-stage.ts'
import { message, withAndWithoutKey } from '../../support/messages.ts'

const envelope = { specversion: '1.0', id: '1', source: 's', type: 't', data: 1 }

/** Bytes that are no event. */
const garbage: Readonly<Record<string, string | Uint8Array>> = {
  'not UTF-8': Uint8Array.of(0xff, 0xfe, 0x00, 0x80, 0x0a),
  'not JSON': '{"type": "cut of',
  empty: '',
  'an envelope of another version': JSON.stringify({ ...envelope, specversion: '0.3' }),
  'an envelope without an id': JSON.stringify({ ...envelope, id: undefined }),
  'an envelope with an empty type': JSON.stringify({ ...envelope, type: '' }),
}

export const unreadableCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'what is no event is dead-lettered at once with its original bytes, and the events behind it flow',
    promise: 'A poison pill neither stops a stream nor vanishes.',
    run: onStage((stage) =>
      withAndWithoutKey(async (key) => {
        const [process, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
        const { bus, hooks, adapter } = process
        // Were they retried, it would take for ever.
        const retry = { initialDelayMs: 600_000, holdUpToMs: 1_000_000 }
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, retry })
        for (const [name, body] of Object.entries(garbage)) {
          await adapter.publish([message(topic, body, { key, headers: { 'x-name': name } })])
        }
        const numbers = Array.from({ length: 100 }, (_, index) => index)
        await bus.publishBatch(
          topic,
          numbers.map((payload) => ({ type: 'tested', payload, key })),
        )
        await seen.handled.reached(numbers.length)
        assert.deepEqual(new Set(seen.payloads), new Set(numbers))
        assert.equal(seen.starts.count, numbers.length)
        const count = Object.keys(garbage).length
        const reasons = (await hooks.deadLetter.reached(count)).map(({ reason, attempts, eventId }) => [
          reason,
          attempts,
          eventId,
        ])
        assert.deepEqual(reasons, Array(count).fill(['unreadable', 1, undefined]))
        const copies = await stored(stage, process, `${topic}.g.dlq`, count)
        assert.equal(copies.length, count)
        for (const copy of copies) {
          const name = copy.headers['x-name'] ?? ''
          assert.deepEqual(Buffer.from(copy.body), Buffer.from(garbage[name] ?? '?'), name)
          assert.equal(copy.key, key)
        }
      }),
    ),
  },
  {
    tier: 'facade',
    name: 'what is no event is given up loudly where there is no dead letter queue, and history passes over it',
    promise: 'Neither a handler nor a reader ever meets it.',
    run: onStage(async (stage) => {
      const [{ bus, hooks, adapter }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      await adapter.publish([message(topic, 'garbage', { key: 'k' })])
      await bus.publish(topic, 'tested', 1, { key: 'k' })
      await seen.handled.reached(1)
      assert.deepEqual(
        hooks.failed.items.map(({ reason, attempts, type }) => [reason, attempts, type]),
        [['unreadable', 1, undefined]],
      )
      const read: unknown[] = []
      for await (const { payload } of bus.history(topic)) read.push(payload)
      assert.deepEqual(read, [1])
      assert.deepEqual(
        hooks.error.items.map(({ operation, topic: where }) => [operation, where]),
        [['reading history', topic]],
      )
    }),
  },
  {
    tier: 'facade',
    name: 'history, a trace and a replay pass over what is no event, tell of each, and miss nothing behind it',
    promise: 'Foreign bytes in a topic hide none of its events, and are not hidden themselves.',
    run: onStage(async (stage) => {
      const [process, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      const { bus, adapter, hooks } = process
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const bodies = Object.values(garbage)
      const metadata = { correlationId: topic }
      const published = [await bus.publish(topic, 'tested', 0, { key: 'k', metadata })]
      for (const [index, body] of bodies.entries()) {
        await adapter.publish([message(topic, body, { key: 'k' })])
        published.push(await bus.publish(topic, 'tested', index + 1, { key: 'k', metadata }))
      }
      await seen.handled.reached(published.length)
      const all = await stored(stage, process, topic, published.length + bodies.length)
      const unreadable = all.filter((_, index) => index % 2 === 1).map(({ position }) => position)
      let told = 0
      const assertTold = (operation: string, positions: readonly string[]): void => {
        const news = hooks.error.items.slice(told)
        told = hooks.error.count
        assert.deepEqual(
          news.map((one) => [one.operation, one.topic]),
          positions.map(() => [operation, topic]),
        )
        for (const [index, { error }] of news.entries()) {
          assert.ok(error instanceof MessageUnreadableError)
          assert.ok(error.message.includes(positions[index] ?? '?'), `${error.message} names its place.`)
        }
      }
      assert.deepEqual(await eventsOf(bus.history(topic)), published)
      assertTold('reading history', unreadable)
      assert.deepEqual(await eventsOf(bus.history(topic, { limit: 3 })), published.slice(0, 3), 'It counts events.')
      assertTold('reading history', unreadable.slice(0, 2))
      assert.deepEqual(await eventsOf(bus.history(`${topic}*`)), published)
      assertTold('reading history', unreadable)
      assert.deepEqual(ids(await eventsOf(bus.trace(topic, { topics: `${topic}*` }))), ids(published))
      assertTold('reading history', unreadable)
      const here = stage.recorder()
      const [read, matched] = [all.length, published.length]
      const report = { read, matched, replayed: matched, skipped: bodies.length, complete: true }
      assert.deepEqual(await bus.replay({ topic, into: here.handle }), report)
      assert.deepEqual(ids(here.handled.items.map(({ event }) => event)), ids(published))
      assertTold('replaying', unreadable)
      assert.deepEqual(await bus.replay({ topic, into: { group: 'g' } }), report)
      await seen.handled.reached(2 * matched)
      assertTold('replaying', unreadable)
      assert.equal(
        (await stored(stage, process, `${topic}.g.retry`, matched)).length,
        matched,
        'Only events are copied.',
      )
    }),
  },
]
