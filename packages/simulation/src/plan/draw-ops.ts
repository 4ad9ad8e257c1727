import type { Dice } from '../run/dice.ts'
import { topics } from './draw-specs.ts'
import type { PlannedEvent, Op, Plan } from './plan.ts'

type Setting = Pick<Plan, 'world' | 'specs' | 'processes'>
type Kind = Op['kind']

/** What happens, in the order of time. */
export function drawOps(dice: Dice, setting: Setting): Op[] {
  const span = dice.pick([5, 50, 300, 1_000, 3_000])
  const ops = [...drawPublishes(dice, setting, span), ...drawFaults(dice, setting, span)]
  return ops.sort((a, b) => a.at - b.at)
}

const delays = [1, 30, 300, 2_000, 5_000]
// Whoever waits for `settled()` asks every millisecond.
const shortDelays = [1, 30, 300]

function drawPublishes(dice: Dice, { world, processes, specs }: Setting, span: number): Op[] {
  const ops: Op[] = []
  const keys = dice.pick([[undefined], ['a'], ['a', 'b'], ['a', 'a', 'b', undefined], ['a', 'b', 'c', undefined]])
  const delayed = dice.pick([0, 0, 0.15, 0.5])
  const events = dice.between(1, 10)
  const main = specs.find(({ topic }) => topic !== '*')?.topic ?? topics[0]
  for (let event = 0; event < events;) {
    const at = dice.between(0, span)
    const topic = dice.chance(0.85) ? main : dice.pick(topics)
    if (dice.chance(0.05)) {
      ops.push({ kind: 'garbage', at, topic, event: event++, key: dice.pick(keys) })
      continue
    }
    const entries: PlannedEvent[] = []
    for (let count = dice.pick([1, 1, 1, 2, 4]); count > 0; count--) {
      const delayMs = dice.chance(delayed) ? dice.pick(world.local ? shortDelays : delays) : undefined
      entries.push({ event: event++, key: dice.pick(keys), delayMs })
    }
    const abortAfterMs = dice.chance(0.05) ? dice.between(0, 5) : undefined
    const process = dice.between(0, processes - 1)
    ops.push({ kind: 'publish', at, process, topic, entries, abortAfterMs, again: dice.pick([0, 1, 3]) })
  }
  return ops
}

const faults: readonly Kind[] = [
  'crash',
  'crash',
  'crash',
  'close',
  'close',
  'close',
  'unsubscribe',
  'unsubscribe',
  'abort',
  'steal',
  'stall',
  'outage',
  'health',
  'rebalance',
  'rebalance',
  'rebalance',
  'rebalance',
  'jump',
]
const localFaults: readonly Kind[] = ['unsubscribe', 'abort', 'health', 'settled', 'settled', 'jump']

function drawFaults(dice: Dice, setting: Setting, span: number): Op[] {
  const ops: Op[] = []
  const kinds = setting.world.local ? localFaults : faults
  for (let count = dice.pick([0, 1, 1, 2, 3, 6]); count > 0; count--) {
    ops.push(drawFault(dice, dice.pick(kinds), setting, Math.floor(span * 1.2)))
  }
  return ops
}

function drawFault(dice: Dice, kind: Kind, { processes, specs }: Setting, span: number): Op {
  // Now and then while everybody is still on the way in.
  const at = dice.chance(0.15) ? dice.between(0, 60) : dice.between(0, span)
  const process = dice.between(0, processes - 1)
  const spec = dice.between(0, specs.length - 1)
  const timeoutMs = dice.pick([0, 20, 100, 1_000, 30_000])
  const later = dice.pick([0, 10, 200])
  switch (kind) {
    case 'crash':
      return { kind, at, process, restartMs: later }
    case 'close':
      return { kind, at, process, timeoutMs, restartMs: later }
    case 'unsubscribe':
      return { kind, at, process, spec, timeoutMs, againMs: later }
    case 'abort':
      return { kind, at, process, spec, againMs: later }
    case 'stall':
    case 'outage':
      return { kind, at, process, ms: dice.pick([5, 100, 1_000]) }
    case 'jump':
      return { kind, at, ms: dice.pick([10, 1_000, 100_000]) }
    case 'steal':
    case 'health':
    case 'settled':
      return { kind, at, process }
    default:
      return { kind: 'rebalance', at }
  }
}
