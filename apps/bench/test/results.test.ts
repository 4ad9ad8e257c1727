import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layerOf } from '../src/layers.ts'
import { layersOf } from '../src/profiler.ts'
import { added, forgetRuns, readRuns, type Results, writeResults } from '../src/results.ts'
import { roundsOf, rowOf, summarise, valueOf } from '../src/summary.ts'
import { stepOf } from '../src/studies.ts'

const base: Results = {
  backend: 'redis',
  at: '2026-01-01T00:00:00.000Z',
  machine: 'any',
  busy: 0,
  rounds: 3,
  secondsEach: 1,
  minutes: 1,
  rows: [],
  failures: [],
}
const resultsOf = (figures: Readonly<Record<string, readonly number[]>>): Results => ({
  ...base,
  rows: Object.entries(figures).map(([task, rates]) => ({
    task,
    candidate: 'bus',
    samples: rates.map((rate) => ({ events: rate, elapsedMs: 1_000 })),
  })),
})

describe('results', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'bench-results-'))))
  afterAll(() => rm(folder, { recursive: true }))

  test('runs are kept one by one, and forgotten together', async () => {
    await writeResults(folder, 1, resultsOf({ a: [1] }))
    await writeResults(folder, 2, resultsOf({ a: [3] }))
    await writeResults(folder, 1, resultsOf({ a: [2] }))
    expect(await readRuns(folder, 'redis')).toEqual([resultsOf({ a: [2] }), resultsOf({ a: [3] })])
    expect(await readRuns(folder, 'kafka')).toEqual([])
    await forgetRuns(folder, 'redis')
    expect(await readRuns(folder, 'redis')).toEqual([])
  })

  test('tasks that are measured again take their place among the others', () => {
    const before = resultsOf({ a: [1], b: [1], c: [1] })
    const all = added(resultsOf({ b: [9] }), before, [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    expect(all).toEqual({ ...resultsOf({ a: [1], b: [9], c: [1] }), minutes: 2 })
  })

  test('a run is summed up by its medians, several by the median of theirs; what is missing stays missing', () => {
    const summary = summarise([resultsOf({ a: [1, 100, 7] }), resultsOf({ a: [9], b: [5] })])
    expect(rowOf(summary, 'a', 'bus')?.runs).toEqual([
      { samples: 3, rate: 7 },
      { samples: 1, rate: 9 },
    ])
    expect(rowOf(summary, 'b', 'bus')?.runs).toEqual([{}, { samples: 1, rate: 5 }])
    expect(roundsOf(summary)).toBe('1 to 3')
    expect(valueOf(rowOf(summary, 'a', 'bus'), 'rate')).toBe(8)
    expect(valueOf(rowOf(summary, 'b', 'bus'), 'rate')).toBe(5)
    expect(valueOf(rowOf(summary, 'a', 'bus'), 'p50')).toBeUndefined()
  })

  test('the name of a step says what was changed, and to what', () => {
    expect(stepOf('growth: events, 1,000,000')).toEqual({ part: 'growth', what: 'events', value: 1_000_000 })
    expect(stepOf('knob: concurrency, handlers of 5 ms, 16')).toMatchObject({ what: 'concurrency, handlers of 5 ms' })
    expect(stepOf('end to end, 1,000 keys')).toBeUndefined()
  })
})

describe('profiles', () => {
  test.each([
    ['', '(idle)', 'waiting'],
    ['', 'writeUtf8String', 'native code and kernel'],
    ['node:net', 'write', 'Node: sockets, timers, context'],
    ['file:///a/packages/core/src/wire/envelope.ts', 'encodeEnvelope', 'JSON'],
    ['file:///a/packages/core/src/wire/envelope.ts', 'isAttribute', 'core, publish'],
    ['file:///a/packages/core/src/consume/pump.ts', 'run', 'core, consume'],
    ['file:///a/packages/adapter-redis/src/publish/batch.ts', 'add', 'adapter'],
    ['file:///a/node_modules/.pnpm/x@1/node_modules/x/a.js', 'send', 'client library'],
    ['file:///a/apps/bench/src/child.ts', 'publish', 'the loop that measures'],
  ])('%s %s is %s', (url, functionName, layer) => {
    expect(layerOf({ url, functionName })).toBe(layer)
  })

  test('the time of a sample belongs to the function that was seen; the profiler itself is nobody', () => {
    const frame = (id: number, functionName: string, url: string) => ({
      id,
      callFrame: { functionName, url, scriptId: '0', lineNumber: 0, columnNumber: 0 },
    })
    const nodes = [frame(1, '(idle)', ''), frame(2, 'run', 'node:net'), frame(3, 'post', 'node:inspector')]
    const profile = { nodes, startTime: 0, endTime: 100, samples: [1, 2, 3, 1], timeDeltas: [10, 20, 30, -1] }
    expect(layersOf(profile)).toEqual({ waiting: 10, 'Node: sockets, timers, context': 20 })
  })
})
