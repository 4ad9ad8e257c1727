import { expect, test } from 'vitest'
import type { Results } from '../src/results.ts'
import { run } from '../src/run.ts'
import { profiles } from '../src/studies.ts'
import { rowOf, summarise } from '../src/summary.ts'
import { assignment } from '../src/tasks.ts'

// Processes are slow to start where many others are at work.
const timeout = 180_000
const pace = { rounds: 3, seconds: 0.05, maxEvents: 200, heapEvents: 100, until: Infinity }

test(
  'a candidate that fails has no figure, and takes nothing from the others; each task is saved when it is done',
  { timeout },
  async () => {
    const saved: Results[] = []
    const tasks = [assignment('first', ['nobody', 'bus'], {}), ...profiles('memory').slice(0, 1)]
    const results = await run('memory', tasks, pace, async (soFar) => void saved.push(structuredClone(soFar)))

    expect(saved.map(({ rows }) => rows.map(({ task, candidate }) => [task, candidate]))).toEqual([
      [['first', 'bus']],
      [
        ['first', 'bus'],
        ['profile, 500 at once', 'emittery'],
        ['profile, 500 at once', 'bus'],
      ],
    ])
    expect(saved[1]?.rows).toEqual(results.rows)
    expect(results.rows.map(({ samples }) => samples.length)).toEqual([3, 3, 3])
    // Not in the third round any more.
    expect(results.failures).toEqual([expect.stringContaining('nobody'), expect.stringContaining('nobody')])

    const summary = summarise([results])
    expect(rowOf(summary, 'first', 'bus')?.runs[0]?.rate).toBeGreaterThan(0)
    const layers = rowOf(summary, 'profile, 500 at once', 'bus')?.runs[0]?.layers ?? {}
    expect(Object.values(layers).reduce((sum, micros) => sum + micros, 0)).toBeGreaterThan(0)
    expect(layers).toHaveProperty(['core, publish'])
  },
)

test('when its time is up, a run measures each task once', { timeout }, async () => {
  const results = await run('memory', [assignment('only', ['bus'], {})], { ...pace, until: 0 }, async () => {})
  expect(results.rows.map(({ samples }) => samples.length)).toEqual([1])
})
