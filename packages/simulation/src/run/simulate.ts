import { defaults } from '@bus/core'
import { Director } from '../app/director.ts'
import { Inspector } from '../app/inspector.ts'
import type { Plan } from '../plan/plan.ts'
import { Scene, type Violation } from './scene.ts'
import { turns } from './turns.ts'

export interface Outcome {
  readonly violation: Violation | undefined
  readonly steps: number
}

// More than any schedule needs that ends.
const mostSteps = 40_000

/** Runs one schedule from its first step to the end of everything. */
export async function simulate(plan: Plan, write?: (line: string) => void): Promise<Outcome> {
  const scene = new Scene(plan, write)
  const room = defaults as { waitingRoom: number }
  const roomBefore = room.waitingRoom
  const rejected = (error: unknown): void =>
    scene.fail(
      'no promise is rejected unheard',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    )
  process.on('unhandledRejection', rejected)
  room.waitingRoom = plan.world.waitingRoom
  // Nobody reads the stacks of what is thrown by the million.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 1
  try {
    await play(scene)
  } finally {
    room.waitingRoom = roomBefore
    Error.stackTraceLimit = stackTraceLimit
    process.off('unhandledRejection', rejected)
  }
  return { violation: scene.violation, steps: scene.steps }
}

async function play(scene: Scene): Promise<void> {
  const director = new Director(scene)
  const inspector = new Inspector(scene, director.processes)
  director.begin()
  const lastAt = scene.plan.ops.at(-1)?.at ?? 0
  scene.agenda.add(scene.backend, lastAt + 1, () => {
    scene.calm = true
    scene.say?.('nothing goes wrong any more')
  })
  // Long enough for patterns to have looked for topics.
  const looks = scene.plan.specs.some(({ topic }) => topic === '*')
  const stages: readonly (() => void | Promise<void>)[] = [
    () => {
      inspector.closed()
      return inspected(scene, inspector.whileOpen())
    },
    () => director.end(),
    () => {
      inspector.closed()
      if (scene.broker.hasOpen) director.startProcess(-1)
    },
    () => {
      inspector.afterwards()
      director.closeAll()
    },
    () => inspector.closed(),
  ]
  for (const stage of stages) {
    await untilQuiet(scene)
    for (let known = -1; looks && scene.violation === undefined && known < scene.broker.topics.length;) {
      known = scene.broker.topics.length
      scene.agenda.add(scene.backend, 2_000, () => {})
      await untilQuiet(scene)
    }
    if (scene.violation !== undefined) return
    await stage()
  }
}

/** Lets things happen until nothing is left but what happens in the background. */
function untilQuiet(scene: Scene): Promise<void> {
  const limit = scene.steps + mostSteps
  return turns(() => {
    if (scene.violation !== undefined || scene.agenda.pending === 0) return false
    if (++scene.steps > limit) scene.fail('every schedule ends', `not after ${mostSteps} steps`)
    return scene.agenda.step()
  })
}

/** An inspection asks the bus, and needs steps for it. */
async function inspected(scene: Scene, inspection: Promise<void>): Promise<void> {
  let over = false
  let idle = 0
  void inspection.then(() => (over = true))
  await turns(() => {
    if (over || scene.violation !== undefined) return false
    idle = scene.agenda.step() ? 0 : idle + 1
    if (idle > 3) scene.fail('the bus answers', 'getStats() does not')
    return true
  })
}
