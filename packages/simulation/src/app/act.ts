import { Dice } from '../run/dice.ts'
import type { Scene } from '../run/scene.ts'

/** What one start of a handler does. */
export interface Act {
  /** Until it says something; `sync`: it returns no promise. */
  readonly takes: 'sync' | 'turn' | number
  readonly outcome: 'fine' | 'error' | 'rejected' | 'after' | 'buried'
  /** For `after`, and for `nack`. */
  readonly afterMs: number
  /** Goes on although it is told to stop. */
  readonly deaf: boolean
  readonly twist: 'kill' | 'close' | 'unsubscribe' | 'publish' | undefined
  /** With `autoAck: false`: says it after it returned; says it by throwing; says something else as well; says nothing. */
  readonly manner: 'plain' | 'later' | 'throw' | 'twice' | 'silent'
}

type Mood = 'well' | 'flaky' | 'doomed' | 'rejected' | 'patient' | 'killer' | 'deadly' | 'mixed'

/** How start number `start` (from 0, over all members) of an event goes in the subscriptions of a spec. */
export function actOf({ plan, calm }: Scene, event: number, spec: number, start: number): Act {
  const { seed, wild, specs } = plan
  const mind = new Dice(seed, 5, event, spec)
  const mood: Mood = mind.pick(wild ? wildMoods : moods)
  const times = mind.between(1, 3)
  const dice = new Dice(seed, 6, event, spec, start)
  const timeoutMs = specs[spec]?.options.timeoutMs
  return {
    takes: duration(dice, timeoutMs, plan.world.local ? 300 : dice.pick([1_000, 3_000, 40_000])),
    outcome: outcomeOf(mood, times, start, dice),
    afterMs: dice.pick([0, 1, 20, 500, plan.world.local ? 100 : 3_000]),
    deaf: dice.chance(0.3),
    twist: calm ? undefined : twistOf(mood, times, start, wild, dice),
    manner: mannerOf(dice, timeoutMs),
  }
}

const moods: readonly Mood[] = [
  'well',
  'well',
  'well',
  'well',
  'flaky',
  'flaky',
  'doomed',
  'rejected',
  'patient',
  'mixed',
]
const wildMoods: readonly Mood[] = [...moods, 'killer', 'killer', 'deadly', 'deadly', 'mixed']

function outcomeOf(mood: Mood, times: number, start: number, dice: Dice): Act['outcome'] {
  switch (mood) {
    case 'doomed':
      return 'error'
    case 'flaky':
      return start < times ? 'error' : 'fine'
    case 'patient':
      return start < times ? 'after' : 'fine'
    case 'rejected':
      return start < times - 1 ? 'error' : dice.pick(['rejected', 'rejected', 'buried'])
    case 'deadly':
      return dice.pick(['error', 'error', 'after', 'fine'])
    case 'mixed':
      return dice.pick(['fine', 'error', 'rejected', 'after', 'buried'])
    default:
      return 'fine'
  }
}

function twistOf(mood: Mood, times: number, start: number, wild: boolean, dice: Dice): Act['twist'] {
  if (mood === 'killer' && (times === 3 || start < times)) return 'kill'
  if (mood === 'deadly' && dice.chance(0.5)) return 'kill'
  if (dice.chance(0.04)) return 'publish'
  if (wild && dice.chance(0.1)) return dice.pick(['close', 'unsubscribe'])
  return undefined
}

function duration(dice: Dice, timeoutMs: number | undefined, longMs: number): Act['takes'] {
  const chance = dice.float()
  if (chance < 0.35) return 'sync'
  if (chance < 0.5) return 'turn'
  if (chance < 0.75) return dice.between(0, 10)
  if (chance < 0.9 || timeoutMs === undefined) return dice.chance(0.25) ? longMs : dice.between(10, 150)
  return Math.round(timeoutMs * dice.pick([0.9, 1, 1.3, 1.9, 2, 3]))
}

function mannerOf(dice: Dice, timeoutMs: number | undefined): Act['manner'] {
  const chance = dice.float()
  if (chance < 0.5) return 'plain'
  if (chance < 0.7) return 'later'
  if (chance < 0.85) return 'throw'
  return chance < 0.95 || timeoutMs === undefined ? 'twice' : 'silent'
}
