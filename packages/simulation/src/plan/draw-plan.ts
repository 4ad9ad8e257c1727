import { Dice } from '../run/dice.ts'
import { drawOps } from './draw-ops.ts'
import { drawSpecs } from './draw-specs.ts'
import type { Plan, Rates, World } from './plan.ts'

/** The plan that a seed stands for. */
export function drawPlan(seed: number): Plan {
  const dice = new Dice(seed, 1)
  const world = drawWorld(dice)
  const specs = drawSpecs(dice)
  const processes = world.local ? 1 : dice.pick([1, 1, 2, 2, 2, 3])
  const wild = !world.local && dice.chance(0.4)
  return { seed, world, specs, processes, wild, ops: drawOps(dice, { world, specs, processes }) }
}

function drawWorld(dice: Dice): World {
  const local = dice.chance(0.15)
  const style = local || dice.chance(0.5) ? 'keys' : 'partitions'
  return {
    style,
    partitions: dice.between(1, 3),
    spread: style === 'partitions' && dice.chance(0.5),
    delays: dice.chance(0.5),
    forward: dice.chance(0.4),
    local,
    notBeforeInHeader: dice.chance(0.3),
    oneByOne: dice.chance(0.4),
    sharedAcks: dice.chance(0.4),
    abrupt: dice.chance(0.3),
    latency: local ? 0 : dice.pick([0, 1, 1, 2, 2, 2, 3] as const),
    sessionMs: dice.pick([0, 20, 300]),
    handoverMs: dice.pick([5, 100, 2_000]),
    waitingRoom: dice.pick([1, 1, 2, 4, 1_000]),
    schemas: dice.pick(['none', 'none', 'none', 'none', 'none', 'none', 'prompt', 'slow'] as const),
    rates: local || dice.chance(0.35) ? noFaults : drawRates(dice),
  }
}

export const noFaults: Rates = { publish: 0, copy: 0, ack: 0, release: 0, pull: 0, consume: 0, close: 0 }

function drawRates(dice: Dice): Rates {
  const rate = (): number => dice.pick([0, 0, 0.05, 0.2])
  return {
    publish: rate(),
    copy: dice.pick([0, 0.1, 0.4]),
    ack: rate(),
    release: rate(),
    pull: rate(),
    consume: rate(),
    close: rate(),
  }
}
