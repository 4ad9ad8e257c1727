import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseEvent, TopicInvalidError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { eventsOf, ids, onStage, stored } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { assertSame } from '../../support/messages.ts'

export const historyCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'history gives back every event as it was published, whether it was handled or not',
    promise: 'What happened can be looked up afterwards.',
    run: onStage(async (stage) => {
      const [[one, two], topic, seen] = [await stage.processes(2), stage.topic(), stage.recorder()]
      await one.bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const published = [
        ...(await one.bus.publishBatch(
          topic,
          Array.from({ length: 30 }, (_, payload) => ({ type: 'tested', payload, key: 'k' })),
        )),
        ...(await one.bus.publishBatch(
          topic,
          Array.from({ length: 30 }, (_, payload) => ({ type: 'other', payload })),
        )),
      ]
      await seen.handled.reached(60)
      await stored(stage, two, topic, 60)
      const found = await eventsOf(two.bus.history(topic))
      assertSame(ids(found), ids(published), 'All are there, once')
      for (const event of found) {
        assert.deepEqual(
          event,
          published.find(({ metadata }) => metadata.eventId === event.metadata.eventId),
        )
      }
      assert.deepEqual(
        found.filter(({ type }) => type === 'tested').map(({ payload }) => payload),
        Array.from({ length: 30 }, (_, index) => index),
      )
      assert.deepEqual(await eventsOf(two.bus.history(stage.topic())), [], 'A topic that nobody knows is empty.')
      await rejection(TopicInvalidError, two.bus.history('not a topic').next())
    }),
  },
  {
    tier: 'facade',
    name: 'history can be read from a position or a time, to a time, and filtered',
    promise: 'One finds the few events one is looking for.',
    run: onStage(async (stage) => {
      const [process, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      const { bus } = process
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      for (const payload of [1, 2, 3, 4, 5, 6]) {
        const correlationId = payload > 4 ? 'late' : undefined
        await bus.publish(topic, payload % 2 === 0 ? 'even' : 'odd', payload, { key: 'k', metadata: { correlationId } })
        await sleep(3)
      }
      await seen.handled.reached(6)
      const positions = seen.starts.items.map(({ position }) => position)
      const times = (await stored(stage, process, topic, 6)).map(({ storedAt }) => new Date(storedAt))
      const read = async (options: Parameters<typeof bus.history>[1]): Promise<unknown[]> =>
        (await eventsOf(bus.history(topic, options))).map(({ payload }) => payload)
      assert.deepEqual(await read({ from: positions[2] }), [4, 5, 6], 'What comes after a position.')
      assert.deepEqual(await read({ from: positions[5] }), [])
      assert.deepEqual(await read({ from: times[2] }), [3, 4, 5, 6], 'A time is inclusive as a beginning')
      assert.deepEqual(await read({ to: times[2] }), [1, 2], 'and exclusive as an end.')
      assert.deepEqual(await read({ from: times[1], to: times[4] }), [2, 3, 4])
      assert.deepEqual(await read({ type: 'even' }), [2, 4, 6])
      assert.deepEqual(await read({ correlationId: 'late' }), [5, 6])
      assert.deepEqual(await read({ limit: 2 }), [1, 2])
      assert.deepEqual(
        await read({ type: 'even', limit: 2, from: positions[1] }),
        [4, 6],
        'The limit counts what is wanted.',
      )
      assert.deepEqual(await read({ limit: 0 }), [])
      assert.deepEqual(await read({ key: 'k', correlationId: 'late', type: 'odd' }), [5])
      assert.deepEqual(await read({ key: 'other' }), [])
    }),
  },
  {
    tier: 'facade',
    name: 'history ends with what was there when reading began, also while publishing goes on',
    promise: 'Reading terminates.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus } = process
      const published = await bus.publishBatch(
        topic,
        Array.from({ length: 20 }, (_, payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      await stored(stage, process, topic, 20)
      const found: string[] = []
      for await (const { metadata } of bus.history(topic)) {
        found.push(metadata.eventId)
        if (found.length <= 100) await bus.publish(topic, 'tested', 'while reading', { key: 'k' })
      }
      assert.deepEqual(found, ids(published))
    }),
  },
  {
    tier: 'facade',
    name: 'reading history takes nothing from anybody',
    promise: 'Looking changes nothing for those at work.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const { bus } = process
      const [before, after, fresh] = [stage.recorder(), stage.recorder(), stage.recorder()]
      const id = await bus.subscribe(topic, before.handle, { consumerGroup: 'g' })
      const published: BaseEvent[] = []
      const publish = async (n: number): Promise<void> =>
        void published.push(
          structuredClone(await bus.publish(topic, 'tested', { n }, { key: 'k', metadata: { own: { n } } })),
        )
      await publish(0)
      await before.handled.reached(1)
      await bus.unsubscribe(id)
      for (const n of [1, 2, 3]) await publish(n)
      await stored(stage, process, topic, 4)
      for (let round = 0; round < 2; round++) {
        const read = await eventsOf(bus.history(topic))
        assert.deepEqual(read, published)
        // What a reader makes of its copy is nobody else's affair.
        for (const { payload, metadata } of read) {
          payload.n = 'read'
          Object.assign(metadata, { eventId: 'read', own: 'read' })
        }
      }
      for await (const { payload } of bus.history(topic)) if (payload.n === 2) break
      await bus.subscribe(topic, after.handle, { consumerGroup: 'g' })
      await bus.subscribe(topic, fresh.handle, { consumerGroup: 'fresh', startFrom: 'earliest' })
      await Promise.all([after.handled.reached(3), fresh.handled.reached(4)])
      const handled = [after, fresh].map((all) => all.handled.items.map(({ event }) => event))
      assert.deepEqual(handled, [published.slice(1), published])
    }),
  },
]
