import assert from 'node:assert/strict'
import { defineEvents, EventInvalidError, type EventBus, type StandardSchema } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick, stored } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'
import { bodyOf } from '../../support/messages.ts'

interface Order {
  readonly id: string
  readonly amount: number
}

/** Written by hand: any validator that follows Standard Schema does. */
function orderSchema(later: boolean): StandardSchema<Order> {
  const validate = (value: unknown): Awaited<ReturnType<StandardSchema<Order>['~standard']['validate']>> => {
    const { id, amount } = (value ?? {}) as Partial<Order>
    const issues = [
      ...(typeof id === 'string' ? [] : [{ message: 'a text is expected', path: ['id'] }]),
      ...(typeof amount === 'number' ? [] : [{ message: 'a number is expected', path: [{ key: 'amount' }] }]),
    ]
    return issues.length > 0 ? { issues } : { value: { id: id as string, amount: amount as number } }
  }
  return {
    '~standard': { version: 1, vendor: 'conformance', validate: later ? async (value) => validate(value) : validate },
  }
}

export const schemaCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'an event that does not fit its schema is rejected at publish with every issue, and nothing is stored',
    promise: 'The publisher learns of its mistake, not some handler.',
    run: onStage(async (stage) => {
      for (const later of [false, true]) {
        const topic = stage.topic()
        const events = defineEvents({ [topic]: { ordered: orderSchema(later) } })
        const [{ bus }, seen] = [await stage.process({ events }), stage.recorder()]
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
        const error = await rejection(EventInvalidError, bus.publish(topic, 'ordered', { id: 5 }, { key: 'k' }))
        assert.deepEqual(error.issues, ['id: a text is expected', 'amount: a number is expected'])
        assert.deepEqual([error.code, error.topic, error.type], ['BUS_EVENT_INVALID', topic, 'ordered'])
        await rejection(EventInvalidError, bus.publish(topic, 'unknown', {}, { key: 'k' }))
        const good = { id: 'a', amount: 1 }
        const batch = [good, { id: 'b' }].map((payload) => ({ type: 'ordered', payload, key: 'k' }))
        await rejection(EventInvalidError, bus.publishBatch(topic, batch))
        await bus.publish(topic, 'ordered', good, { key: 'k' })
        await seen.handled.reached(1)
        assert.deepEqual(
          seen.starts.items.map(({ event }) => event.payload),
          [good],
        )
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an event that does not fit is dead-lettered at delivery without a start, and the events behind it flow',
    promise: 'A publisher of another version cannot crash a handler with what it does not expect.',
    run: onStage(async (stage) => {
      for (const later of [false, true]) {
        const [topic, process] = [stage.topic(), await stage.process()]
        const events = defineEvents({ [topic]: { ordered: orderSchema(later) } })
        const [strict, seen] = [await stage.process({ events }), stage.recorder()]
        const bus: EventBus = process.bus
        await strict.bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, retry: quick })
        const bad = { id: 5, extra: 'kept' }
        await bus.publish(topic, 'ordered', bad, { key: 'k' })
        await bus.publish(topic, 'ordered', { id: 'a', amount: 1, extra: 'dropped by the schema' }, { key: 'k' })
        await bus.publish(topic, 'of no schema', bad, { key: 'k' })
        await seen.handled.reached(2)
        assert.deepEqual(
          seen.starts.items.map(({ event }) => event.payload),
          [{ id: 'a', amount: 1 }, bad],
        )
        const dead = await strict.hooks.deadLetter.reached(1)
        assert.deepEqual(
          dead.map(({ reason, attempts, type }) => [reason, attempts, type]),
          [['invalid', 1, 'ordered']],
        )
        assert.ok(dead[0]?.error instanceof EventInvalidError)
        const [copy] = await stored(stage, process, `${topic}.g.dlq`, 1)
        assert.deepEqual((JSON.parse(copy ? bodyOf(copy) : '') as { data: unknown }).data, bad, 'As it was published.')
        for await (const { metadata } of bus.history(`${topic}.g.dlq`)) {
          assert.equal(metadata.failureKind, 'invalid')
          assert.match(metadata.failureReason ?? '', /id: a text is expected; amount: a number is expected/)
        }
      }
    }),
  },
]
