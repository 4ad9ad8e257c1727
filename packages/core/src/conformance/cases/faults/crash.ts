import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { Crew } from '../../support/crew.ts'
import { eventsOf, ids, onStage, quick } from '../../support/facade-stage.ts'
import { failure, killer } from '../../support/member-process.ts'

export const crashCases: readonly ConformanceCase[] = [
  {
    tier: 'faults',
    name: 'what killed processes were at is handled by others: nothing is lost, and every key keeps its order',
    promise: 'A process may die at any moment, and nobody has to look after what it leaves.',
    needs: { shared: true },
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const task = { topic, options: { consumerGroup: 'g', concurrency: 4, prefetch: 16 }, workMs: 4 }
      const entries = Array.from({ length: 240 }, (_, index) => {
        const key = `k${index % 8}`
        return { type: 'tested', payload: `${key}:${Math.floor(index / 8) + 1}`, key }
      })
      await Crew.at(stage.context, task, async (crew) => {
        const [first, second] = await Promise.all([crew.join(), crew.join()])
        await bus.publishBatch(topic, entries)
        await stage.context.until('A third is handled', () => crew.handled.size >= 80)
        await first.kill()
        await crew.join()
        await stage.context.until('Two thirds are handled', () => crew.handled.size >= 160)
        await second.kill()
        await stage.context.until('All is handled', () => crew.handled.size === 240)
        for (let key = 0; key < 8; key++) {
          const starts = crew.steps.flatMap(({ what, key: of, payload = '' }) =>
            what === 'start' && of === `k${key}` ? [payload] : [],
          )
          const expected = entries.flatMap(({ key: of, payload }) => (of === `k${key}` ? [payload] : []))
          assert.deepEqual([...new Set(starts)], expected, `The first starts of k${key}`)
        }
      })
    }),
  },
  {
    tier: 'faults',
    name: 'an event that kills every process that handles it is buried after maxDeliveries, and its neighbours are handled',
    promise: 'A crash loop ends by itself, and costs no innocent event.',
    needs: { shared: true, countsRedeliveries: ['each', 'oldest'] },
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const options = { consumerGroup: 'g', useDLQ: true, maxDeliveries: 3, retry: quick }
      await Crew.at(stage.context, { topic, options, workMs: 1 }, async (crew) => {
        const first = await crew.join()
        const batch = [killer, 'a', 'b', 'c'].map((payload) => ({ type: 'tested', payload, key: 'k' }))
        const [poison] = await process.bus.publishBatch(topic, batch)
        await first.died()
        for (let death = 2; death <= 3; death++) await (await crew.begin()).died()
        await crew.join()
        await stage.context.until('The others are handled', () => crew.handled.size === 3)
        assert.equal(crew.starts(killer), 3)
        const dead = await eventsOf(process.bus.history(`${topic}.g.dlq`))
        assert.deepEqual(
          dead.map(({ metadata }) => [metadata.eventId, metadata.failureKind]),
          [[poison?.metadata.eventId, 'crashed']],
        )
      })
    }),
  },
  {
    tier: 'faults',
    name: 'a process that dies between storing a dead letter and acknowledging its event loses neither',
    promise: 'At no moment is an event neither here nor there; if it is in both places, it has one eventId.',
    needs: { shared: true },
    run: onStage(async (stage) => {
      const [process, topic] = [await stage.process(), stage.topic()]
      const options = { consumerGroup: 'g', useDLQ: true, maxRetries: 0 }
      await Crew.at(stage.context, { topic, options, workMs: 1 }, async (crew) => {
        const first = await crew.join({ diesAfterCopy: true })
        const batch = [failure, 'next'].map((payload) => ({ type: 'tested', payload, key: 'k' }))
        const [bad] = await process.bus.publishBatch(topic, batch)
        await first.died()
        await crew.join()
        await stage.context.until('What is behind it is handled', () => crew.handled.has('next'))
        const dead = ids(await eventsOf(process.bus.history(`${topic}.g.dlq`)))
        assert.deepEqual([...new Set(dead)], [bad?.metadata.eventId])
        const copies = stage.context.subject.facts.forwards ? 1 : 2
        assert.ok(dead.length <= copies, `${dead.length} copies; where copying is one step with acknowledging, one.`)
        assert.equal(crew.starts(failure), dead.length, 'It was started again only if its acknowledgement was lost.')
      })
    }),
  },
]
