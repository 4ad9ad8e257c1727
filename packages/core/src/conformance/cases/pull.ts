import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConformanceCase } from '../case.ts'
import { within } from '../support/deadline.ts'
import { assertSame, bodies, message, withAndWithoutKey } from '../support/messages.ts'
import { pullSome, take, takeThrough } from '../support/take.ts'

export const pullCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'a pull never returns more than it was asked for',
    promise: 'A slow handler makes its subscription take less; the process does not grow.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        const many = Array.from({ length: 50 }, (_, index) => `${index + 1}`)
        await adapter.publish(many.map((body, index) => message(topic, body, { key: key && `${key}${index % 10}` })))
        const seen: string[] = []
        while (seen.length < 50) {
          const pulled = await pullSome(context, consumer, 7)
          assert.ok(pulled.length <= 7, `${pulled.length} deliveries came for pull(7).`)
          seen.push(...bodies(pulled))
          for (const delivery of pulled) await delivery.ack()
        }
        assertSame(seen, many, 'All came, a few at a time')
      }),
  },
  {
    tier: 'spi',
    name: 'a waiting pull resolves as soon as there is a message',
    promise: 'An idle subscription costs no polling, and an event no delay.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [adapter, topic] = [await context.adapter(), context.topic()]
        const consumer = await context.consume(adapter, topic, { group: 'g' })
        for (let round = 1; round <= 5; round++) {
          const waiting = consumer.pull(10, context.signal)
          await adapter.publish([message(topic, `${round}`, { key })])
          const pulled = await within(context.patienceMs, 'The waiting pull', waiting)
          assert.deepEqual(bodies(pulled), [`${round}`])
          await pulled[0]?.ack()
        }
      }),
  },
  {
    tier: 'spi',
    name: 'an idle pull ends with nothing when its signal aborts, and the consumer goes on',
    promise: 'Pausing and stopping take no time.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      for (let round = 1; round <= 3; round++) {
        const stop = new AbortController()
        const waiting = consumer.pull(10, stop.signal)
        // Long enough for it to be really waiting, on the way to a backend and back.
        await sleep(round === 1 ? 0 : 30)
        stop.abort()
        assert.deepEqual(await within(context.patienceMs, 'The aborted pull', waiting), [])
        const late = consumer.pull(10, stop.signal)
        assert.deepEqual(await within(context.patienceMs, 'A pull with an aborted signal', late), [])
        await adapter.publish([message(topic, `${round}`, { key: 'k' })])
        assert.deepEqual(bodies(await takeThrough(context, consumer, `${round}`)), [`${round}`])
      }
    },
  },
  {
    tier: 'spi',
    name: 'a pull that is aborted just as a message arrives does not lose it',
    promise: 'Pausing and stopping lose nothing.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      const seen: string[] = []
      for (let round = 1; round <= 40; round++) {
        const stop = new AbortController()
        const waiting = consumer.pull(10, stop.signal)
        const publishing = adapter.publish([message(topic, `${round}`, { key: 'k' })])
        if (round % 4 === 1) await publishing
        if (round % 4 === 2) await sleep(1)
        if (round % 4 === 3) await Promise.resolve()
        stop.abort()
        const pulled = await within(context.patienceMs, 'The aborted pull', waiting)
        seen.push(...bodies(pulled))
        for (const delivery of pulled) await delivery.ack()
        await publishing
      }
      const rest = await take(context, consumer, 40 - seen.length)
      assertSame(
        [...seen, ...bodies(rest)],
        Array.from({ length: 40 }, (_, index) => String(index + 1)),
        'Every message came',
      )
    },
  },
  {
    tier: 'spi',
    name: 'closing a consumer ends its waiting pull with nothing; closing again, or at once, is the same',
    promise: 'Unsubscribing never hangs.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      for (const group of ['g', undefined]) {
        const consumer = await context.consume(adapter, topic, { group })
        const waiting = consumer.pull(10, context.signal)
        await within(context.patienceMs, 'Closing', Promise.all([consumer.close(), consumer.close()]))
        assert.deepEqual(await within(context.patienceMs, 'The waiting pull', waiting), [])
        await within(context.patienceMs, 'Closing again', consumer.close())
        const late = consumer.pull(10, context.signal)
        assert.deepEqual(await within(context.patienceMs, 'A pull after close', late), [])
      }
    },
  },
  {
    tier: 'spi',
    name: 'closing one consumer again does nothing to the others of its group',
    promise: 'Unsubscribing twice by mistake harms nobody.',
    async run(context) {
      const [topic, adapters] = [context.topic(), await context.members(2)]
      const [leaver, stays] = await context.group(adapters, topic)
      assert.ok(leaver && stays)
      await leaver.close()
      await leaver.close()
      await adapters[0]?.publish([message(topic, 'x', { key: 'k' })])
      const [delivery] = await take(context, stays, 1)
      assert.deepEqual(delivery && bodies([delivery]), ['x'])
      await leaver.close()
      await delivery?.ack()
    },
  },
  {
    tier: 'spi',
    name: 'a consumer that has closed leaves no listener on the signals of its pulls',
    promise: 'A service that subscribes and unsubscribes all day does not grow.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const signals = [new AbortController().signal, new AbortController().signal]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      for (let round = 1; round <= 10; round++) {
        const waiting = consumer.pull(10, signals[round % 2] as AbortSignal)
        await adapter.publish([message(topic, `${round}`)])
        const pulled = await within(context.patienceMs, 'The waiting pull', waiting)
        await pulled[0]?.ack()
      }
      for (const signal of signals) {
        const listeners = getEventListeners(signal, 'abort').length
        assert.ok(listeners <= 1, `${listeners} listeners are left of ten pulls.`)
      }
      await consumer.close()
      for (const signal of signals)
        assert.equal(getEventListeners(signal, 'abort').length, 0, 'A closed consumer listens to nothing.')
    },
  },
]
