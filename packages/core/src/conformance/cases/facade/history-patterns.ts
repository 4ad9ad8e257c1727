import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigInvalidError, type TracedEvent } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { deaths, patient } from '../../support/facade-deaths.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { eventsOf, ids, onStage, stored } from '../../support/facade-stage.ts'

export const historyPatternCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'history of a pattern is that of all its topics, by the time they were stored, up to where it began',
    promise: 'What happened is told in the order in which it happened, however many topics it is spread over.',
    run: onStage(async (stage) => {
      const [process, name] = [await stage.process(), stage.topic()]
      const { bus } = process
      const topics = ['a', 'b', 'c'].map((end) => `${name}.${end}`)
      const published: string[] = []
      for (let round = 0; round < 12; round++) {
        const topic = topics[(round * 2) % 3] as string
        const { metadata } = await bus.publish(topic, 'tested', round, { key: `k${round % 2}` })
        published.push(metadata.eventId)
        // By the backend's clock, to the millisecond.
        await sleep(3)
      }
      await bus.publish(`${name}-other.a`, 'tested', 'not asked for')
      for (const topic of topics) await stored(stage, process, topic, 4)
      const found: string[] = []
      for await (const { metadata } of bus.history(`${name}.*`)) {
        found.push(metadata.eventId)
        if (found.length <= 50) for (const topic of topics) await bus.publish(topic, 'tested', 'while reading')
      }
      assert.deepEqual(found, published)
      const times = (await stored(stage, process, topics[2] as string, 4)).map(({ storedAt }) => new Date(storedAt))
      const of = async (options: Parameters<typeof bus.history>[1]): Promise<unknown[]> =>
        (await eventsOf(bus.history(`${name}.*`, options))).map(({ payload }) => payload)
      const [from, to] = [times[0] as Date, times[1] as Date]
      assert.deepEqual(await of({ from, to, key: 'k1' }), [1, 3], 'From inclusive, to exclusive, over all topics.')
      assert.deepEqual(await of({ limit: 3 }), [0, 1, 2])
      assert.deepEqual(await eventsOf(bus.history(`${name}-none.*`)), [])
      await rejection(ConfigInvalidError, bus.history(`${name}.*`, { from: 'a position' }).next())
    }),
  },
  {
    tier: 'facade',
    name: 'a pattern has no retries and no dead letters in its history',
    promise: 'An event that failed is not told twice.',
    run: onStage(async (stage) => {
      const [process, name] = [await stage.process(), stage.topic()]
      const one = await patient(stage, process, {}, `${name}.one`)
      await patient(stage, process, { dlqTopic: `${name}.graveyard` }, `${name}.two`)
      const published = [...(await deaths(process, one.topic, 3)), ...(await deaths(process, `${name}.two`, 3))]
      one.heal()
      await process.bus.deadLetters.redrive({ topic: one.topic })
      await one.seen.handled.reached(3)
      const found = ids(await eventsOf(process.bus.history(`${name}*`)))
      assert.deepEqual(found.toSorted(), published.toSorted())
    }),
  },
  {
    tier: 'facade',
    name: 'a trace is all events of one flow, over all topics, in their order',
    promise: 'One number from a log leads to everything that came of it.',
    run: onStage(async (stage) => {
      const [[one, two], name] = [await stage.processes(2), stage.topic()]
      const [orders, payments, mails] = [`${name}.orders`, `${name}.payments`, `${name}.mails`]
      const done = stage.recorder()
      await one.bus.subscribe(orders, async ({ payload }) => {
        await sleep(5)
        await one.bus.publish(payments, 'paid', payload, { key: 'p' })
      })
      await two.bus.subscribe(payments, async ({ payload }) => {
        await sleep(5)
        await two.bus.publish(mails, 'mailed', payload)
      })
      await one.bus.subscribe(mails, done.handle)
      await stage.ready(one, two)
      for (const flow of ['x', 'y'])
        await one.bus.publish(orders, 'placed', flow, { metadata: { correlationId: `${name}-${flow}` } })
      await done.handled.reached(2)
      const traced: TracedEvent[] = []
      // Not of all topics: what others have on the backend is theirs.
      for await (const event of two.bus.trace(`${name}-x`, { topics: `${name}.*` })) traced.push(event)
      assert.deepEqual(
        traced.map(({ topic, type, payload, key }) => [topic, type, payload, key]),
        [
          [orders, 'placed', 'x', undefined],
          [payments, 'paid', 'x', 'p'],
          [mails, 'mailed', 'x', undefined],
        ],
      )
      assert.deepEqual(
        traced.map(({ metadata }) => metadata.causationId),
        [undefined, traced[0]?.metadata.eventId, traced[1]?.metadata.eventId],
      )
      const times = traced.map(({ storedAt }) => storedAt)
      assert.deepEqual(times, times.toSorted())
      const [message] = await stored(stage, two, mails, 1)
      assert.ok(message !== undefined && times.every((time) => new Date(time).toISOString() === time))
      const some: TracedEvent[] = []
      for await (const event of two.bus.trace(`${name}-y`, { topics: `${name}.p*` })) some.push(event)
      assert.deepEqual(
        some.map(({ topic, payload }) => [topic, payload]),
        [[payments, 'y']],
      )
    }),
  },
]
