import { describe, expect, test } from 'vitest'
import { limitOf } from '../src/docs/limits.ts'
import { candidates } from '../src/candidates/index.ts'
import type { Figures, Summary } from '../src/summary.ts'
import { standard } from '../src/tasks.ts'
import { judge, targets } from '../src/targets.ts'

type Promised = readonly [backend: string, path: string, against: string, must: number, aim: number]

/** What was promised, in the words it was promised in. */
const promised: readonly Promised[] = [
  ['redis', 'end to end, one process', 'raw ioredis', 0.75, 1],
  ['redis', 'end to end, two processes', 'raw ioredis', 0.75, 1],
  ['redis', 'end to end, 50 keys, concurrency 16', 'raw ioredis', 0.5, 0.75],
  ['redis', 'end to end, 1,000 keys, concurrency 16', 'raw ioredis', 0.5, 0.75],
  ['redis', 'end to end', 'bullmq addBulk, bullmq add', 5, 8],
  ['redis', 'end to end', '@moleculer/channels', 8, 12],
  ['redis', 'publish one by one', 'raw ioredis', 0.8, 0.95],
  ['redis', 'p50 at 200/s', 'raw ioredis', 1.4, 1.1],
  ['redis', 'p95 at 2,000/s', 'raw ioredis', 1.5, 1],
  ['redis', 'CPU per event, end to end', '', 15, 10],
  ['kafka', 'end to end, 3 partitions', 'raw kafkajs', 0.75, 1],
  ['kafka', 'end to end, slow handler (5 ms), 1,000 keys, concurrency 64', 'raw kafkajs, eachMessage', 10, 15],
  ['kafka', 'end to end', '@moleculer/channels', 15, 25],
  ['kafka', 'p50 at 200/s', 'raw kafkajs', 1.3, 1.1],
  ['memory', '1 subscription, one by one', 'emittery', 0.3, 0.6],
  ['memory', '10 subscriptions, one by one', 'emittery', 0.2, 0.45],
  ['memory', 'heap growth over 1 M events', '', 2, 0],
  ['redis', 'heap growth over 1 M events', '', 2, 0],
  ['kafka', 'heap growth over 1 M events', '', 2, 0],
  ['memory', 'idle, ten subscriptions', '', 1, 0.5],
  ['redis', 'idle, ten subscriptions', '', 1, 0.5],
  ['kafka', 'idle, ten subscriptions', '', 6, 3],
]

function nameOf([backend, path, against]: Promised): string {
  return `${backend}, ${path}, ${against}`
}

describe('the targets', () => {
  test('they are what was promised, no more, no less, and no easier', () => {
    const found = targets.map(({ backend, path, against, must, aim }): Promised => [
      backend,
      path,
      against.join(', '),
      must,
      aim,
    ])
    const sorted = (rows: readonly Promised[]): Promised[] => rows.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    expect(sorted(found)).toEqual(sorted(promised))
  })

  test.each(targets)(
    '$backend, $path against $against is measured, at least five times unless a million events are one measurement',
    (target) => {
      const assignment = standard[target.backend].find(({ name }) => name === target.task)
      expect(assignment?.candidates).toContain('bus')
      for (const other of target.against) {
        expect(assignment?.candidates).toContain(other)
        expect(candidates[target.backend]).toHaveProperty([other])
      }
      if (target.metric !== 'heap') expect(assignment?.rounds ?? 5).toBeGreaterThanOrEqual(5)
      expect(limitOf(target)).not.toBe('')
    },
  )

  test('a target is met only if every run met it', () => {
    const [target] = targets
    if (target === undefined) throw new Error('There are no targets.')
    const judged = (...ratios: (number | undefined)[]): readonly [must: boolean, aim: boolean] => {
      const runs = (figures: Figures[]): Figures[] => figures
      const summary: Summary = {
        backend: target.backend,
        machine: '',
        rounds: 5,
        secondsEach: 1,
        runs: ratios.map(() => ({ at: '', minutes: 1, busy: 0 })),
        rows: [
          {
            task: target.task,
            candidate: 'bus',
            runs: runs(ratios.map((ratio) => (ratio === undefined ? {} : { rate: ratio * 1_000 }))),
          },
          { task: target.task, candidate: target.against[0] ?? '', runs: runs(ratios.map(() => ({ rate: 1_000 }))) },
        ],
      }
      const { must, aim } = judge(target, [summary])
      return [must, aim]
    }
    expect(judged(1.1, 1)).toEqual([true, true])
    expect(judged(1.1, 0.8)).toEqual([true, false])
    expect(judged(1.1, 0.7)).toEqual([false, false])
    expect(judged(1.1, undefined)).toEqual([false, false])
    expect(judged()).toEqual([false, false])
  })
})
