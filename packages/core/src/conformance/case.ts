import type { CaseContext } from './support/context.ts'
import type { Facts } from './subject.ts'

/** `spi`: the adapter alone. `facade`: the adapter below an `EventBus`. */
export type Tier = 'spi' | 'facade'

/** One promise, put to the test. */
export interface ConformanceCase {
  readonly tier: Tier
  /** What holds, as a sentence. */
  readonly name: string
  /** Why somebody relies on it, and what goes wrong where it does not hold. */
  readonly promise: string
  /** The case applies to adapters of which these facts are true. */
  readonly needs?: Partial<Facts>
  run(context: CaseContext): Promise<void>
}

/** The fact because of which the case does not apply, in words; `undefined`: it applies. */
export function inapplicable({ needs = {} }: ConformanceCase, facts: Facts): string | undefined {
  for (const fact of Object.keys(needs) as (keyof Facts)[]) {
    if (needs[fact] !== facts[fact]) return `${fact} is ${String(facts[fact])}`
  }
  return undefined
}
