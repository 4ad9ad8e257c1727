import assert from 'node:assert/strict'
import { defaults, PayloadTooLargeError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage } from '../../support/facade-stage.ts'
import { rejection } from '../../support/facade-rejection.ts'

/** A text that takes so many bytes as JSON. `character` has to be written as it is. */
function textOf(bytes: number, character: string): string {
  const size = Buffer.byteLength(character)
  const text = character.repeat(Math.floor((bytes - 2) / size))
  return text + 'x'.repeat(bytes - 2 - Buffer.byteLength(text))
}

const limit = defaults.maxPayloadBytes

export const limitCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a payload of exactly the limit is accepted and arrives; one byte more is refused, and nothing is stored',
    promise: 'The limit is one number, the same on every backend, and told before anything is sent.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const metadata = { note: 'm'.repeat(60_000) }
      const accepted: string[] = []
      for (const character of ['x', 'ü', '🚌']) {
        const largest = textOf(limit, character)
        assert.equal(Buffer.byteLength(JSON.stringify(largest)), limit)
        const payload = textOf(limit + 1, character)
        const error = await rejection(PayloadTooLargeError, bus.publish(topic, 'tested', payload, { key: 'k' }))
        assert.deepEqual(
          [error.code, error.bytes, error.limit, error.stored],
          ['BUS_PAYLOAD_TOO_LARGE', limit + 1, limit, 'no'],
        )
        const batch = [
          { type: 'tested', payload: 'in the same batch', key: 'k' },
          { type: 'tested', payload, key: 'k' },
        ]
        await rejection(PayloadTooLargeError, bus.publishBatch(topic, batch))
        // With nearly as much metadata as there may be: the message as a whole must fit as well.
        await bus.publish(topic, 'tested', largest, { key: 'k', metadata })
        accepted.push(largest)
      }
      const handled = await seen.handled.reached(3)
      // Not compared as a whole: the difference would be printed.
      for (const [index, { event }] of handled.entries()) assert.ok(event.payload === accepted[index])
      assert.ok(handled.every(({ event }) => event.metadata['note'] === metadata.note))
      assert.equal(seen.starts.count, 3)
    }),
  },
  {
    tier: 'facade',
    name: 'the limit counts bytes of JSON, not characters',
    promise: 'A text in any script, and one full of line breaks, is measured as it travels.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process({ maxPayloadBytes: 100 }), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const fitting = ['x'.repeat(98), 'ü'.repeat(49), '\n'.repeat(49), { a: 'x'.repeat(92) }, Array(49).fill(0)]
      const excessive = ['x'.repeat(99), 'ü'.repeat(50), '\n'.repeat(50), { a: 'x'.repeat(93) }, Array(50).fill(0)]
      for (const [index, payload] of fitting.entries()) {
        const text = JSON.stringify(payload)
        assert.ok(Buffer.byteLength(text) <= 100 && Buffer.byteLength(text) >= 99, text)
        await bus.publish(topic, 'tested', payload, { key: 'k' })
        await rejection(PayloadTooLargeError, bus.publish(topic, 'tested', excessive[index], { key: 'k' }))
      }
      await seen.handled.reached(fitting.length)
      assert.deepEqual(seen.payloads, fitting)
    }),
  },
  {
    tier: 'facade',
    name: 'metadata has a limit of its own',
    promise: 'Metadata cannot push an event over what a backend takes.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, seen] = [await stage.process(), stage.topic(), stage.recorder()]
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g' })
      const metadata = { note: 'ü'.repeat(40_000) }
      await rejection(PayloadTooLargeError, bus.publish(topic, 'tested', 1, { key: 'k', metadata }))
      await bus.publish(topic, 'tested', 2, { key: 'k' })
      await seen.handled.reached(1)
      assert.deepEqual(seen.payloads, [2])
    }),
  },
]
