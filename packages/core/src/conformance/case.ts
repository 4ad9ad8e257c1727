import type { CaseContext } from './support/context.ts'
import type { Facts } from './subject.ts'

/** `spi`: the adapter alone. `facade`: the adapter below an `EventBus`. `faults`: both, while servers and processes die. */
export type Tier = 'spi' | 'facade' | 'faults'

/** What has to be true of an adapter; of several values, one. */
export type Needs = { readonly [Fact in keyof Facts]?: Facts[Fact] | readonly Facts[Fact][] }

/** One promise, put to the test. */
export interface ConformanceCase {
  readonly tier: Tier
  /** What holds, as a sentence. */
  readonly name: string
  /** Why somebody relies on it, and what goes wrong where it does not hold. */
  readonly promise: string
  /** The case applies to adapters of which these facts are true. */
  readonly needs?: Needs
  run(context: CaseContext): Promise<void>
}

/** The fact because of which the case, or the mutant, does not apply, in words; `undefined`: it applies. */
export function inapplicable({ needs = {} }: { readonly needs?: Needs }, facts: Facts): string | undefined {
  for (const fact of Object.keys(needs) as (keyof Facts)[]) {
    if (![needs[fact]].flat().includes(facts[fact])) return `${fact} is ${String(facts[fact])}`
  }
  return undefined
}
