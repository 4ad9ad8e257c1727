import { describe, expect, it } from 'vitest'
import { campaign, drawPlan, type Plan, shrink, simulate, summary } from '../src/index.ts'

const schedules = 10_000

async function traceOf(plan: Plan): Promise<string> {
  const lines: string[] = []
  await simulate(plan, (line) => lines.push(line))
  return lines.join('\n')
}

describe('the core', () => {
  it(`keeps its promises in ${schedules} schedules`, { timeout: 600_000 }, async () => {
    const { findings, done } = await campaign({ first: 1, schedules, workers: 2, mostFindings: 3 })
    const told = findings.map(
      ({ seed, invariant, detail }) => `pnpm simulate --seed ${seed} --trace: ${invariant}: ${detail}`,
    )
    expect(told).toEqual([])
    expect(done).toBe(schedules)
  })
})

describe('a schedule', () => {
  it('is the same every time, to the last line of its trace', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const plan = drawPlan(seed)
      expect(drawPlan(seed)).toEqual(plan)
      expect((await traceOf(plan)) === (await traceOf(plan)), `seed ${seed}`).toBe(true)
    }
  })

  it('is another one for another seed', async () => {
    expect(drawPlan(1)).not.toEqual(drawPlan(2))
    expect(await traceOf(drawPlan(1))).not.toEqual(await traceOf(drawPlan(2)))
  })

  it('of any seed does something', async () => {
    for (const seed of [1, 2, 3, 4, 5]) expect(await traceOf(drawPlan(seed))).toContain(' starts ')
  })
})

describe('a plan that fails', () => {
  const hasCrash = ({ ops }: Plan): boolean => ops.some(({ kind }) => kind === 'crash')

  it('is made as small as it fails', async () => {
    const seed = Array.from({ length: 100 }, (_, index) => index + 1).find((candidate) => hasCrash(drawPlan(candidate)))
    const plan = drawPlan(seed ?? 0)
    const smallest = await shrink(plan, async (candidate) => hasCrash(candidate))
    expect(smallest.ops.map(({ kind }) => kind)).toEqual(['crash'])
    expect(smallest.specs).toHaveLength(1)
    expect(smallest.processes).toBe(1)
    expect(summary(smallest)).toBe('0 events, 1 processes, 1 subscriptions each, crash')
  })

  it('stays as it is when nothing smaller fails', async () => {
    const plan = drawPlan(3)
    expect(await shrink(plan, async () => false)).toBe(plan)
  })
})
