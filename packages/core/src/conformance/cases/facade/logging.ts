import assert from 'node:assert/strict'
import { logHandling, type Logger, logPublishing } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'

type Line = readonly [level: string, message: string, fields: Readonly<Record<string, unknown>>]

function loggerInto(lines: Line[]): Logger {
  const at =
    (level: string): Logger['info'] =>
    (message, fields = {}) =>
      void lines.push([level, message, fields])
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export const loggingCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'every publish and every start of a handler can be logged, with the same id and without the payload',
    promise: 'What happened to an event is found by its id, over all services, and no secret is found with it.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, lines] = [await stage.process(), stage.topic(), [] as Line[]]
      const logger = loggerInto(lines)
      bus.use(logHandling(logger, { level: 'info' })).usePublish(logPublishing(logger))
      const seen = stage.recorder((_event, { attempt }) => {
        if (attempt === 1) throw new TypeError('no')
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      const secret = { card: '4111' }
      const metadata = { correlationId: 'c' }
      const { metadata: given } = await bus.publish(topic, 'tested', secret, { key: 'k', metadata })
      await stage.context.until('Three lines are written', () => lines.length >= 3)
      const { eventId } = given
      const about = { topic, eventId, type: 'tested', key: 'k', correlationId: 'c' }
      const found = lines.map(([level, message, { durationMs, error, ...fields }]) => {
        assert.ok(Number(durationMs) >= 0)
        return [level, message, fields, String(error).split('\n')[0]]
      })
      const expected = [
        ['debug', 'an event was published', about, 'undefined'],
        ['warn', 'a handler failed', { ...about, consumerGroup: 'g', attempt: 1 }, 'TypeError: no'],
        ['info', 'an event was handled', { ...about, consumerGroup: 'g', attempt: 2 }, 'undefined'],
      ]
      // The first start may be over before it is known that the event is stored.
      const byMessage = (lines: unknown[][]): unknown[][] =>
        lines.toSorted((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1))
      assert.deepEqual(byMessage(found), byMessage(expected))
      assert.ok(!JSON.stringify(lines).includes(secret.card))
    }),
  },
  {
    tier: 'facade',
    name: 'a logger that fails changes nothing, and what was refused is logged as well',
    promise: 'Logging is never what breaks.',
    run: onStage(async (stage) => {
      const [{ bus }, topic, lines] = [await stage.process(), stage.topic(), [] as Line[]]
      const { warn, ...rest } = loggerInto(lines)
      const broken = (): never => {
        throw new Error('the disk is full')
      }
      bus.use(logHandling({ ...rest, warn: broken, debug: broken }))
      bus.usePublish(logPublishing({ ...rest, warn, debug: broken }))
      bus.usePublish(({ payload }, next) => {
        if (payload === 'refused') throw new TypeError('not this one')
        return next()
      })
      const seen = stage.recorder((_event, { attempt }) => {
        if (attempt === 1) throw new Error('once')
      })
      await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', retry: quick })
      await bus.publish(topic, 'tested', 'x')
      await assert.rejects(bus.publish(topic, 'tested', 'refused'), TypeError)
      await seen.handled.reached(1)
      assert.deepEqual(seen.attempts, [1, 2])
      assert.deepEqual(
        lines.map(([level, message]) => [level, message]),
        [['warn', 'an event was not published']],
      )
    }),
  },
]
