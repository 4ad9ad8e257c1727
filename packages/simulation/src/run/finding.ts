import { drawPlan } from '../plan/draw-plan.ts'
import type { Plan } from '../plan/plan.ts'
import { shrink } from './shrink.ts'
import { simulate } from './simulate.ts'
import type { Violation } from './scene.ts'

/** A seed whose schedule broke a promise. */
export interface Finding extends Violation {
  readonly seed: number
}

/** The smallest plan found that breaks the same promise. */
export async function shrunk({ seed, invariant }: Finding): Promise<Plan> {
  return shrink(drawPlan(seed), async (plan) => (await simulate(plan)).violation?.invariant === invariant)
}

/** Runs the schedules of some seeds, one after the other. Stops at the first finding if `stop` says so. */
export async function search(
  first: number,
  count: number,
  found: (finding: Finding) => boolean,
): Promise<{ done: number; steps: number }> {
  let steps = 0
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await simulate(drawPlan(seed))
    steps += outcome.steps
    if (outcome.violation !== undefined && !found({ seed, ...outcome.violation }))
      return { done: seed - first + 1, steps }
  }
  return { done: count, steps }
}
