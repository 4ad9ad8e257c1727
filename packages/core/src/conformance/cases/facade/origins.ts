import assert from 'node:assert/strict'
import { type BaseEvent, NonRetryableError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { lettersOf } from '../../support/facade-deaths.ts'
import { eventsOf, onStage, type Process, quick, stored } from '../../support/facade-stage.ts'
import { message } from '../../support/messages.ts'

/** One of the bus, and one of others, whose id is the place where it is stored. */
async function publishBoth({ bus, adapter }: Process, topic: string): Promise<void> {
  const metadata = { correlationId: 'c', causationId: 'a', userId: 'u', own: { n: 1 } }
  await bus.publish(topic, 'tested', { n: 1 }, { key: 'k', metadata })
  await adapter.publish([message(topic, '{"n":2}', { key: 'k', headers: { 'x-own': 'yes' } })])
}

/** The time of one that has none of its own is when it was stored, and a copy is stored later. */
function lasting(event: BaseEvent): unknown {
  const { timestamp, ...metadata } = event.metadata
  return { ...event, metadata: metadata.source === 'foreign' ? metadata : { ...metadata, timestamp } }
}

function byNumber(one: BaseEvent, other: BaseEvent): number {
  return one.payload.n - other.payload.n
}

export const originCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'what is replayed into a group is the event that it was, and says where it was stored first when it fails again',
    promise: 'A handler that remembers ids knows it, and whoever looks into a failure finds the original.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, hooks } = process
      const seen = stage.recorder((_event, { replayed }) => {
        if (replayed) throw new NonRetryableError('not again')
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true })
      // So that the copies are stored at other places than the originals.
      for (const payload of [1, 2, 3]) await bus.publish(topic, 'other', payload, { key: 'k' })
      await publishBoth(process, topic)
      await seen.handled.reached(5)
      const [, , third, ...firsts] = seen.handled.items
      const report = await bus.replay({ topic, from: third?.position, into: { group: 'g' } })
      assert.deepEqual([report.replayed, report.skipped], [2, 0])
      await hooks.deadLetter.reached(2)
      const again = seen.starts.items.slice(5)
      assert.deepEqual(
        again.map(({ event }) => lasting(event)),
        firsts.map(({ event }) => lasting(event)),
      )
      for (const { replayed, key, attempt, topic: told } of again)
        assert.deepEqual([replayed, key, attempt, told], [true, 'k', 1, topic])
      const letters = await lettersOf(process, { topic })
      assert.deepEqual(
        letters.map((letter) => [letter.event?.metadata.eventId, letter.originalTopic, letter.originalPosition]),
        firsts.map(({ event, position }) => [event.metadata.eventId, topic, position]),
      )
    }),
  },
  {
    tier: 'facade',
    name: 'an event that is redriven to its topic is as it was published, without a trace of its failure',
    promise: 'A group that fails on it then has a failure of its own, not that of another group.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus, hooks } = process
      let ill = true
      const seen = stage.recorder(() => {
        if (ill) throw new TypeError('ill')
      })
      const options = { useDLQ: true, maxRetries: 1 }
      // By way of the retry topic, so that there is a trail to be left.
      const deferred = { ...options, ordered: false, retry: quick }
      await bus.subscribe(topic, seen.handle, { ...deferred, consumerGroup: 'g' })
      await publishBoth(process, topic)
      await hooks.deadLetter.reached(2)
      const originals = await eventsOf(bus.history(topic))
      assert.ok(hooks.retry.items.every(({ deferred: away }) => away))
      assert.equal((await lettersOf(process, { topic, group: 'g' })).length, 2)
      ill = false
      const late = stage.recorder(() => {
        throw new NonRetryableError('its own failure')
      })
      await bus.subscribe(topic, late.handle, { ...options, consumerGroup: 'late' })
      const before = Date.now()
      assert.equal((await bus.deadLetters.redrive({ topic, toTopic: true })).redriven, 2)
      await Promise.all([seen.handled.reached(2), hooks.deadLetter.reached(4)])
      for (const starts of [seen.handled.items, late.starts.items]) {
        assert.deepEqual(
          starts
            .map(({ event }) => event)
            .toSorted(byNumber)
            .map(lasting),
          originals.map(lasting),
        )
        for (const { attempt, key, topic: told, replayed } of starts)
          assert.deepEqual([attempt, key, told, replayed], [1, 'k', topic, false])
      }
      const copies = (await stored(stage, process, topic, 4)).slice(2)
      // How often, so that it ends some time; where it was, which is the id of what has no other.
      const kept = ['bus-dead-position', 'bus-redrives']
      assert.deepEqual(
        copies
          .map(({ headers }) => Object.keys(headers).toSorted())
          .toSorted((one, other) => one.length - other.length),
        [kept, [...kept, 'x-own']],
      )
      const letters = await lettersOf(process, { topic, group: 'late' })
      for (const { originalTopic, originalGroup, attempts, failureReason, firstFailureAt, redrives } of letters) {
        assert.deepEqual([originalTopic, originalGroup, attempts, redrives], [topic, 'late', 1, 1])
        assert.equal(failureReason, 'its own failure')
        assert.ok(Date.parse(firstFailureAt ?? '') >= before, 'The first failure is that of this group.')
      }
      assert.deepEqual(
        letters.map(({ event }) => event?.metadata.eventId).toSorted(),
        originals.map(({ metadata }) => metadata.eventId).toSorted(),
      )
    }),
  },
]
