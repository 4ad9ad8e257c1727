import { noFaults } from '../plan/draw-plan.ts'
import type { Op, Plan, Rates, Spec, World } from '../plan/plan.ts'

/** Plans that ask for a little less, those that save most first. */
export function* reductions(plan: Plan): Generator<Plan> {
  for (const ops of fewer(plan.ops)) yield { ...plan, ops }
  if (plan.processes > 1) yield { ...plan, processes: plan.processes - 1 }
  for (const specs of fewer(plan.specs)) if (specs.length > 0) yield { ...plan, specs }
  if (plan.wild) yield { ...plan, wild: false }
  yield* ofWorld(plan)
  yield* ofPublishes(plan)
  yield* ofSpecs(plan)
}

/** Without one half, without the other, then without each. */
function* fewer<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  const half = items.length >> 1
  if (half > 1) {
    yield items.slice(0, half)
    yield items.slice(half)
  }
  for (let index = items.length - 1; index >= 0; index--) yield items.toSpliced(index, 1)
}

const plainest: Partial<World> = {
  spread: false,
  forward: false,
  notBeforeInHeader: false,
  oneByOne: false,
  sharedAcks: false,
  abrupt: false,
  schemas: 'none',
  latency: 0,
  delays: true,
  partitions: 1,
  style: 'keys',
}

function* ofWorld(plan: Plan): Generator<Plan> {
  const { world } = plan
  if (Object.values(world.rates).some((rate) => rate > 0)) yield { ...plan, world: { ...world, rates: noFaults } }
  for (const name of Object.keys(world.rates) as (keyof Rates)[]) {
    if (world.rates[name] > 0) yield { ...plan, world: { ...world, rates: { ...world.rates, [name]: 0 } } }
  }
  for (const [name, value] of Object.entries(plainest) as [keyof World, unknown][]) {
    if (world[name] !== value) yield { ...plan, world: { ...world, [name]: value } }
  }
}

function* ofPublishes(plan: Plan): Generator<Plan> {
  for (const [index, op] of plan.ops.entries()) {
    if (op.kind !== 'publish') continue
    const instead = (changed: Op): Plan => ({ ...plan, ops: plan.ops.with(index, changed) })
    if (op.entries.length > 1) for (const entries of fewer(op.entries)) yield instead({ ...op, entries })
    if (op.again > 0) yield instead({ ...op, again: 0 })
    if (op.abortAfterMs !== undefined) yield instead({ ...op, abortAfterMs: undefined })
    if (op.entries.some(({ delayMs }) => delayMs !== undefined)) {
      yield instead({ ...op, entries: op.entries.map((entry) => ({ ...entry, delayMs: undefined })) })
    }
  }
}

function* ofSpecs(plan: Plan): Generator<Plan> {
  for (const [index, spec] of plan.specs.entries()) {
    const instead = (options: Spec['options']): Plan => ({
      ...plan,
      specs: plan.specs.with(index, { ...spec, options }),
    })
    for (const name of Object.keys(spec.options) as (keyof Spec['options'])[]) {
      if (spec.options[name] !== undefined) yield instead({ ...spec.options, [name]: undefined })
    }
  }
}
