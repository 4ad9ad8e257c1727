import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { Crew } from '../../support/crew.ts'
import { onStage } from '../../support/facade-stage.ts'
import { assertSame } from '../../support/messages.ts'

const atWork = 100

export const terminationCases: readonly ConformanceCase[] = [
  {
    tier: 'faults',
    name: 'a process that is told to end with 100 handlers at work ends by itself: nothing comes twice, fails, or costs an attempt',
    promise: 'Deploying in the middle of the day is no incident.',
    needs: { shared: true },
    run: onStage(async (stage) => {
      const [{ bus }, topic] = [await stage.process(), stage.topic()]
      const options = { consumerGroup: 'g', concurrency: atWork, useDLQ: true }
      const numbers = Array.from({ length: 3 * atWork }, (_, index) => `${index}`)
      const entries = numbers.map((payload, index) => {
        return { type: 'tested', payload, key: index % 3 === 0 ? undefined : `k${index % 149}` }
      })
      await Crew.at(stage.context, { topic, options, workMs: 300 }, async (crew) => {
        const first = await crew.join()
        await bus.publishBatch(topic, entries)
        const starts = (): string[] =>
          crew.steps.flatMap(({ what, payload = '' }) => (what === 'start' ? [payload] : []))
        await stage.context.until(`${atWork} handlers were started`, () => starts().length >= atWork)
        const code = await stage.within('The end of the process', first.terminate())
        assert.equal(code, 0)
        assertSame([...crew.handled], starts(), 'What was started was ended')
        await crew.join()
        await stage.context.until('The rest is handled', () => crew.handled.size === numbers.length)
        await bus.publish(topic, 'tested', 'last', { key: 'k1' })
        await stage.context.until('The last one is handled', () => crew.handled.has('last'))
        assertSame(starts(), [...numbers, 'last'], 'Each was started once')
        const attempts = crew.steps.flatMap(({ attempt }) => attempt ?? [])
        assert.deepEqual([...new Set(attempts)], [1])
        assert.equal(await bus.deadLetters.count({ topic }), 0)
      })
    }),
  },
]
