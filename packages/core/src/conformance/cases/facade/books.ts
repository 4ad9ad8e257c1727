import assert from 'node:assert/strict'
import { NonRetryableError, RetryAfterError } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { ids, onStage, type Process, quick } from '../../support/facade-stage.ts'
import { assertSame } from '../../support/messages.ts'

/** By the remainder of the payload: handled; handled at the second start; failed for good; put off, and then handled. */
const kinds = 4
const settled = 40
const waiting = 8
const left = settled / kinds + waiting

export const booksCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'the books balance by event ids: what was published is handled, dead-lettered, given up, or still there',
    promise: 'No event is ever unaccounted for.',
    run: onStage(async (stage) => {
      const [topic, gate, publisher] = [stage.topic(), stage.gate(), await stage.process()]
      const groups = await Promise.all(
        [true, false].map(async (useDLQ) => {
          const process = await stage.process()
          const seen = stage.recorder(({ payload }, { attempt }) => {
            if (payload >= settled) return gate.opened
            if (payload % kinds === 1 && attempt === 1) throw new Error('not at first')
            if (payload % kinds === 2) throw new NonRetryableError('never')
            if (payload % kinds !== 3) return undefined
            if (attempt === 1) throw new RetryAfterError(2_000)
            return gate.opened
          })
          const group = useDLQ ? 'buries' : 'gives-up'
          const retry = { ...quick, holdUpToMs: 100 }
          await process.bus.subscribe(topic, seen.handle, { consumerGroup: group, useDLQ, concurrency: 50, retry })
          return { process, group, seen, failed: useDLQ ? process.hooks.deadLetter : process.hooks.failed }
        }),
      )
      const entries = Array.from({ length: settled + waiting }, (_, payload) => ({
        type: 'tested',
        payload,
        // Keys of their own: some wait with the group's retries, and some in hand.
        key: payload % 8 < 4 ? undefined : `k${payload}`,
      }))
      const events = await publisher.bus.publishBatch(topic, entries.slice(0, settled))
      for (const { seen, failed, process } of groups) {
        await seen.handled.reached(settled / 2)
        await failed.reached(settled / kinds)
        await process.hooks.retry.reached(settled / 2)
      }
      events.push(...(await publisher.bus.publishBatch(topic, entries.slice(settled))))
      const published = ids(events)
      for (const { process, group, seen, failed } of groups) {
        await stage.context.until(`${group} has ${left} left`, async () => (await leftOf(process, group)) === left)
        const handled = new Set(ids(seen.handled.items.map(({ event }) => event)))
        const gone = failed.items.map(({ eventId }) => eventId ?? '')
        assert.equal(handled.size + gone.length + left, published.length, group)
        const letters = await process.bus.deadLetters.list({ topic, group })
        const buried = letters.items.map(({ event }) => event?.metadata.eventId ?? '')
        assertSame(buried, group === 'buries' ? gone : [], 'Dead letters')
      }
      gate.open()
      for (const { process, group, seen, failed } of groups) {
        await seen.handled.reached(settled / 2 + left)
        await stage.context.until(`${group} has nothing left`, async () => (await leftOf(process, group)) === 0)
        const handled = ids(seen.handled.items.map(({ event }) => event))
        // Each once: nothing of what was still there is lost, and nothing is in two places.
        assertSame([...handled, ...failed.items.map(({ eventId }) => eventId ?? '')], published, group)
      }
    }),
  },
]

async function leftOf({ bus }: Process, group: string): Promise<number> {
  const found = (await bus.getStats()).groups.find(({ consumerGroup }) => consumerGroup === group)
  const { lag = 0, pending = 0, delayed = 0, retries = 0 } = found ?? {}
  return lag + pending + delayed + retries
}
