import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { ids, onStage } from '../../support/facade-stage.ts'
import { assertSame } from '../../support/messages.ts'

function entriesOf(
  count: number,
  keys: number,
  prefix = '',
): { type: string; payload: string; key: string | undefined }[] {
  return Array.from({ length: count }, (_, index) => ({
    type: 'tested',
    payload: `${prefix}${index + 1}`,
    // One of every few without a key.
    key: index % (keys + 1) === 0 ? undefined : `k${index % (keys + 1)}`,
  }))
}

export const groupCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'every subscription without a group gets every event',
    promise: 'Caches, monitors and sockets of every process hear of everything.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const recorders = await Promise.all(
        [one, one, two].map(async ({ bus }) => {
          const seen = stage.recorder()
          await bus.subscribe(topic, seen.handle)
          return seen
        }),
      )
      const published = [
        ...(await one.bus.publishBatch(topic, entriesOf(20, 3))),
        ...(await two.bus.publishBatch(topic, entriesOf(20, 3))),
      ]
      for (const seen of recorders) {
        await seen.handled.reached(published.length)
        assertSame(ids(seen.starts.items.map(({ event }) => event)), ids(published), 'Each got every event once')
        assert.ok(seen.starts.items.every(({ consumerGroup }) => consumerGroup === undefined))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription without a group gets what was published after subscribe() resolved, and nothing older',
    promise: 'It begins now; nothing slips through between subscribing and the first event.',
    run: onStage(async (stage) => {
      const [[one, two], topic, seen] = [await stage.processes(2), stage.topic(), stage.recorder()]
      await one.bus.publishBatch(topic, entriesOf(10, 2, 'older '))
      await two.bus.subscribe(topic, seen.handle)
      // From the other process, in the very next moment.
      await one.bus.publishBatch(topic, entriesOf(10, 2))
      await seen.handled.reached(10)
      assertSame(
        seen.payloads.map(String),
        entriesOf(10, 2).map(({ payload }) => payload),
        'Exactly the later ones came',
      )
    }),
  },
  {
    tier: 'facade',
    name: 'each group gets every event, and one member of it gets each',
    promise: 'A service handles each event once, however many processes it has and whoever else listens.',
    run: onStage(async (stage) => {
      const [processes, topic] = [await stage.processes(3), stage.topic()]
      const [many, single, pair] = [stage.recorder(), stage.recorder(), stage.recorder()]
      for (const { bus } of processes) await bus.subscribe(topic, many.handle, { consumerGroup: 'many' })
      await processes[0].bus.subscribe(topic, single.handle, { consumerGroup: 'single' })
      // Two members in one process.
      await processes[1].bus.subscribe(topic, pair.handle, { consumerGroup: 'pair' })
      await processes[1].bus.subscribe(topic, pair.handle, { consumerGroup: 'pair' })
      await stage.ready(...processes)
      const published = await Promise.all(
        entriesOf(90, 8).map(({ type, payload, key }, index) =>
          processes[index % 3]?.bus.publish(topic, type, payload, { key }),
        ),
      )
      const expected = published.map((event) => event?.metadata.eventId ?? '')
      for (const [group, seen] of Object.entries({ many, single, pair })) {
        await seen.handled.reached(expected.length)
        assertSame(
          ids(seen.starts.items.map(({ event }) => event)),
          expected,
          `The group "${group}" handled each event once`,
        )
        assert.ok(seen.starts.items.every(({ consumerGroup }) => consumerGroup === group))
      }
    }),
  },
  {
    tier: 'facade',
    name: 'one group name on several topics is a group on each of them',
    promise: 'A service uses its name everywhere, and what it does on one topic moves nothing on another.',
    run: onStage(async (stage) => {
      const [[one, two], first, second] = [await stage.processes(2), stage.topic(), stage.topic()]
      const [ofFirst, ofSecond] = [stage.recorder(), stage.recorder()]
      // Each process is a member on a topic of its own.
      await one.bus.subscribe(first, ofFirst.handle, { consumerGroup: 'g' })
      await two.bus.subscribe(second, ofSecond.handle, { consumerGroup: 'g' })
      await one.bus.publishBatch(first, entriesOf(20, 3, 'first '))
      await one.bus.publishBatch(second, entriesOf(20, 3, 'second '))
      await Promise.all([ofFirst.handled.reached(20), ofSecond.handled.reached(20)])
      assertSame(
        ofFirst.payloads.map(String),
        entriesOf(20, 3, 'first ').map(({ payload }) => payload),
        'The first topic',
      )
      assertSame(
        ofSecond.payloads.map(String),
        entriesOf(20, 3, 'second ').map(({ payload }) => payload),
        'The second topic',
      )
    }),
  },
  {
    tier: 'facade',
    name: 'the position of a group outlives its members',
    promise: 'What is published while a service is down is handled when it is back, and nothing is handled again.',
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [before, after] = [stage.recorder(), stage.recorder()]
      const id = await one.bus.subscribe(topic, before.handle, { consumerGroup: 'g' })
      await one.bus.publishBatch(topic, entriesOf(20, 3))
      await before.handled.reached(20)
      await one.bus.unsubscribe(id)
      const missed = await one.bus.publishBatch(topic, entriesOf(20, 3, 'missed '))
      // Where the group stands counts, not what the subscription asks for.
      await two.bus.subscribe(topic, after.handle, { consumerGroup: 'g', startFrom: 'latest' })
      const later = await one.bus.publishBatch(topic, entriesOf(20, 3, 'later '))
      await after.handled.reached(40)
      assertSame(ids(after.starts.items.map(({ event }) => event)), ids([...missed, ...later]), 'Exactly the rest came')
      assert.ok(after.attempts.every((attempt) => attempt === 1))
      assert.equal(before.starts.count, 20)
    }),
  },
]
