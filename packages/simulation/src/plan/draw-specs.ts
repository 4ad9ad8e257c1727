import type { SubscriptionOptions } from '@bus/core'
import type { Dice } from '../run/dice.ts'
import type { Spec } from './plan.ts'

export const topics = ['orders', 'mail'] as const
/** Every third event is of the second type. */
export const types = ['made', 'gone'] as const

export function drawSpecs(dice: Dice): Spec[] {
  const count = dice.pick([1, 1, 1, 2, 2, 3])
  const specs: Spec[] = []
  for (let index = 0; index < count; index++) {
    const twin = specs[0]
    // Now and then two subscriptions of a process share a group.
    if (twin?.options.consumerGroup !== undefined && dice.chance(0.15)) specs.push(twin)
    else specs.push({ topic: dice.chance(0.8) ? topics[0] : topics[1], options: drawOptions(dice, index) })
  }
  if (!dice.chance(0.18)) return specs
  return dice.chance(0.5) ? [drawPattern(dice, dice.pick(['all', undefined]))] : [drawPattern(dice, 'all'), ...specs]
}

/** Without a group only where it is alone: which consumer is whose could not be told otherwise. */
function drawPattern(dice: Dice, consumerGroup: string | undefined): Spec {
  return { topic: '*', options: { ...drawOptions(dice, 0), consumerGroup } }
}

function drawOptions(dice: Dice, index: number): Spec['options'] {
  const timeoutMs = dice.pick([undefined, undefined, 40, 200])
  const options: SubscriptionOptions = {
    consumerGroup: dice.chance(0.75) ? `group${index}` : undefined,
    maxRetries: dice.pick([0, 1, 1, 2, 3]),
    useDLQ: dice.chance(0.6),
    dlqTopic: dice.chance(0.2) ? 'graveyard' : undefined,
    autoAck: dice.chance(0.75),
    concurrency: dice.pick([1, 1, 2, 3, 5]),
    startFrom: dice.chance(0.7) ? 'latest' : 'earliest',
    types: dice.chance(0.15) ? [types[0]] : undefined,
    timeoutMs,
    ordered: dice.chance(0.65),
    prefetch: dice.pick([1, 2, 3, 4, 8, 256]),
    maxDeliveries: dice.pick([1, 2, 2, 3]),
    retry: {
      initialDelayMs: dice.pick([0, 10, 10, 100]),
      factor: dice.pick([1, 2, 2, 3]),
      maxDelayMs: dice.pick([30, 400, 400, 3_000]),
      jitter: dice.pick([0, 0.2, 1]),
      holdUpToMs: dice.pick([0, 30, 5_000, 5_000]),
    },
  }
  return options
}
