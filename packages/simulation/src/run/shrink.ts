import { type Plan, type PublishOp } from '../plan/plan.ts'
import { reductions } from './reductions.ts'

/** Whether a plan still fails in the same way. */
export type Fails = (plan: Plan) => Promise<boolean>

/** A smaller plan that fails too: as long as one of its reductions does, that one is taken. */
export async function shrink(plan: Plan, fails: Fails, mostRuns: number = 2_000): Promise<Plan> {
  let smallest = plan
  let runs = 0
  for (let smaller = true; smaller;) {
    smaller = false
    for (const candidate of reductions(smallest)) {
      if (++runs > mostRuns) return smallest
      if (!(await fails(candidate))) continue
      smallest = candidate
      smaller = true
      break
    }
  }
  return smallest
}

/** Its size in one line. */
export function summary({ ops, processes, specs }: Plan): string {
  const publishes = ops.filter((op): op is PublishOp => op.kind === 'publish')
  const events = publishes.reduce((sum, { entries }) => sum + entries.length, 0)
  const others = ops.filter(({ kind }) => kind !== 'publish').map(({ kind }) => kind)
  return `${events} events, ${processes} processes, ${specs.length} subscriptions each, ${others.length > 0 ? others.join(', ') : 'nothing else'}`
}
