import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SubscriptionOptions } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, stored, type Process, type Stage } from '../../support/facade-stage.ts'

const past = ['1', '2', '3', '4', '5', '6']

/** Six events of one key, with time between the third and the fourth. */
async function publishPast({ bus }: Process, topic: string): Promise<void> {
  for (const payload of past) {
    if (payload === '4') await sleep(5)
    await bus.publish(topic, 'tested', payload, { key: 'k' })
  }
}

/** What a new subscription gets, in a group and without one, up to one more event that is published then. */
async function startingFrom(
  stage: Stage,
  process: Process,
  topic: string,
  startFrom: SubscriptionOptions['startFrom'],
): Promise<void> {
  const groups = ['g', undefined]
  const recorders = await Promise.all(
    groups.map(async (consumerGroup) => {
      const seen = stage.recorder()
      await process.bus.subscribe(topic, seen.handle, { consumerGroup, startFrom })
      return seen
    }),
  )
  await process.bus.publish(topic, 'tested', 'last', { key: 'k' })
  const expected = await expectedFrom(stage, process, topic, startFrom)
  for (const [index, seen] of recorders.entries()) {
    await seen.handled.first('the last one', ({ event }) => event.payload === 'last')
    assert.deepEqual(seen.payloads, expected, groups[index] === undefined ? 'without a group' : 'in a group')
  }
}

/** By what is stored: text of the payloads, in order. */
async function expectedFrom(
  stage: Stage,
  process: Process,
  topic: string,
  startFrom: SubscriptionOptions['startFrom'],
): Promise<string[]> {
  const messages = await stored(stage, process, topic, past.length + 1)
  const payloads = [...past, 'last']
  if (startFrom === 'earliest') return payloads
  if (startFrom instanceof Date)
    return payloads.filter((_, index) => (messages[index]?.storedAt ?? 0) >= startFrom.getTime())
  if (startFrom === undefined || startFrom === 'latest') return ['last']
  return payloads.slice(messages.findIndex(({ position }) => position === startFrom) + 1)
}

export const startFromCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a new subscription begins with what is published next, unless it says otherwise',
    promise: 'Deploying a new service does not flood it with the past.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      await publishPast(process, topic)
      await startingFrom(stage, process, topic, undefined)
    }),
  },
  {
    tier: 'facade',
    name: 'a new subscription from earliest gets all that the backend holds',
    promise: 'A new service can catch up with everything.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      await publishPast(process, topic)
      await startingFrom(stage, process, topic, 'earliest')
    }),
  },
  {
    tier: 'facade',
    name: 'a new subscription from a date gets what was stored at or after it',
    promise: 'A service can begin with today.',
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      await publishPast(process, topic)
      const [third, fourth] = (await stored(stage, process, topic, past.length)).slice(2, 4)
      assert.ok(third && fourth && third.storedAt < fourth.storedAt)
      await startingFrom(stage, process, topic, new Date(fourth.storedAt))
    }),
  },
  {
    tier: 'facade',
    name: 'a new subscription from a position gets what comes after it',
    promise: 'What a handler was told as its position is enough to go on from there.',
    run: onStage(async (stage) => {
      const [process, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await process.bus.subscribe(topic, seen.handle, { consumerGroup: 'first' })
      await publishPast(process, topic)
      const third = (await seen.handled.reached(past.length))[2]
      assert.equal(third?.event.payload, '3')
      await startingFrom(stage, process, topic, third.position)
    }),
  },
]
