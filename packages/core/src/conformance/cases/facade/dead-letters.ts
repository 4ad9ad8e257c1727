import assert from 'node:assert/strict'
import { NonRetryableError, type BaseEvent } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { eventsOf, onStage, quick, stored } from '../../support/facade-stage.ts'

class PaymentError extends Error {
  override readonly name = 'PaymentError'
}

export const deadLetterCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'an event whose retries are used up goes to the dead letter topic of its group, with everything about its failure',
    promise: 'What failed is not lost, and whoever looks at it sees why, where, when and how often.',
    run: onStage(async (stage) => {
      for (const key of [undefined, 'k']) {
        const [process, topic] = [await stage.process(), stage.topic()]
        const { bus, hooks } = process
        const seen = stage.recorder(({ payload }) => {
          if (payload !== 'next') throw new PaymentError('declined: no money, Grüße 🚌')
        })
        await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 2, retry: quick })
        const metadata = { correlationId: 'flow', userId: 'u', custom: { a: [1] } }
        const published = await bus.publish(topic, 'ordered', { amount: 5 }, { key, metadata })
        await bus.publish(topic, 'ordered', 'next', { key })
        const [hook] = await hooks.deadLetter.reached(1)
        const [message] = await stored(stage, process, `${topic}.g.dlq`, 1)
        const [dead, ...more] = await eventsOf(bus.history(`${topic}.g.dlq`))
        const starts = seen.starts.items.filter(({ event }) => event.payload !== 'next')
        const { firstFailureAt, lastFailureAt, errorStack, ...rest } = dead?.metadata ?? ({} as BaseEvent['metadata'])
        assert.deepEqual([more, dead?.type, dead?.payload, message?.key], [[], 'ordered', { amount: 5 }, key])
        assert.deepEqual(rest, {
          ...published.metadata,
          failureReason: 'declined: no money, Grüße 🚌',
          failureKind: 'exhausted',
          errorName: 'PaymentError',
          originalTopic: topic,
          originalGroup: 'g',
          originalPosition: starts[0]?.position,
          attempts: 3,
        })
        for (const [at, start] of [
          [firstFailureAt, starts[0]],
          [lastFailureAt, starts[2]],
        ] as const) {
          assert.equal(new Date(at ?? '').toISOString(), at)
          assert.ok(Date.parse(at ?? '') >= (start?.at ?? 0), 'The time of that failure.')
        }
        assert.ok((firstFailureAt ?? '') < (lastFailureAt ?? ''))
        assert.ok(errorStack?.startsWith('PaymentError: declined: no money, Grüße 🚌\n    at '))
        assert.deepEqual(
          { ...hook, error: String(hook?.error) },
          {
            topic,
            consumerGroup: 'g',
            eventId: published.metadata.eventId,
            type: 'ordered',
            key,
            correlationId: 'flow',
            metadata: published.metadata,
            attempts: 3,
            error: 'PaymentError: declined: no money, Grüße 🚌',
            dlqTopic: `${topic}.g.dlq`,
            reason: 'exhausted',
          },
        )
        await seen.handled.reached(1)
        assert.deepEqual(seen.payloads, ['next'])
      }
    }),
  },
  {
    tier: 'facade',
    name: 'an error that says it cannot be retried is taken at its word: one start, then the dead letters',
    promise: 'A hopeless event costs one try and holds up nobody.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const seen = stage.recorder(({ payload }) => {
        if (payload === 'hopeless') throw new NonRetryableError('no such customer')
      })
      // Long enough that a retry would be noticed: the next event of the key would not come.
      const retry = { initialDelayMs: 600_000 }
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, maxRetries: 5, retry })
      for (const payload of ['hopeless', 'next']) await bus.publish(topic, 'tested', payload, { key: 'k' })
      await seen.handled.reached(1)
      assert.deepEqual(
        seen.starts.items.map(({ event }) => event.payload),
        ['hopeless', 'next'],
      )
      assert.deepEqual(
        hooks.deadLetter.items.map(({ attempts, reason }) => [attempts, reason]),
        [[1, 'rejected']],
      )
      const [dead] = await eventsOf(bus.history(`${topic}.g.dlq`))
      assert.deepEqual([dead?.metadata.failureKind, dead?.metadata.errorName], ['rejected', 'NonRetryableError'])
      assert.equal(dead?.metadata.failureReason, 'no such customer')
    }),
  },
  {
    tier: 'facade',
    name: 'dead letters go where the subscription says, else to a topic named after topic and group',
    promise: 'One knows where to look.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, topic] = [await stage.process(), stage.topic()]
      const fail = (): never => {
        throw new NonRetryableError('no')
      }
      await bus.subscribe(topic, fail, { consumerGroup: 'g', useDLQ: true })
      await bus.subscribe(topic, fail, { useDLQ: true })
      await bus.subscribe(topic, fail, { consumerGroup: 'h', useDLQ: true, dlqTopic: `${topic}-graveyard` })
      const { metadata } = await bus.publish(topic, 'tested', 1, { key: 'k' })
      await hooks.deadLetter.reached(3)
      const places = [`${topic}.g.dlq`, `${topic}.broadcast.dlq`, `${topic}-graveyard`]
      assert.deepEqual(new Set(hooks.deadLetter.items.map(({ dlqTopic }) => dlqTopic)), new Set(places))
      for (const [index, place] of places.entries()) {
        const found = await eventsOf(bus.history(place))
        const told = found.map((event) => [
          event.metadata.eventId,
          event.metadata.originalTopic,
          event.metadata.originalGroup,
        ])
        assert.deepEqual(told, [[metadata.eventId, topic, ['g', undefined, 'h'][index]]], place)
      }
    }),
  },
  {
    tier: 'facade',
    name: 'a subscription to a dead letter topic gets the events, with what is known of their failure',
    promise: 'Dead letters can be handled like anything else.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(`${topic}.g.dlq`, seen.handle, { consumerGroup: 'undertaker' })
      const options = { consumerGroup: 'g', useDLQ: true, maxRetries: 1, retry: quick }
      await bus.subscribe(topic, ({ payload }) => Promise.reject(new Error(`no ${payload}`)), options)
      const published = await bus.publishBatch(
        topic,
        [1, 2, 3].map((payload) => ({ type: 'tested', payload, key: 'k' })),
      )
      await seen.handled.reached(3)
      for (const [index, { event, attempt, key }] of seen.starts.items.entries()) {
        const { metadata } = event
        assert.deepEqual([event.payload, metadata.eventId, key], [index + 1, published[index]?.metadata.eventId, 'k'])
        assert.deepEqual([metadata.failureReason, metadata.attempts, attempt], [`no ${index + 1}`, 2, 1])
      }
    }),
  },
]
