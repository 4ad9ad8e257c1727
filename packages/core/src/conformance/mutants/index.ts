import { closingMutants } from './closing.ts'
import { deliveringMutants } from './delivering.ts'
import { failingMutants } from './failing.ts'
import { groupingMutants } from './grouping.ts'
import type { Mutant } from './mutant.ts'
import { publishingMutants } from './publishing.ts'
import { readingMutants } from './reading.ts'
import { startingMutants } from './starting.ts'

/** Adapters that the suite must reject, whatever good one they are made from. */
export const mutants: readonly Mutant[] = [
  ...publishingMutants,
  ...deliveringMutants,
  ...groupingMutants,
  ...startingMutants,
  ...readingMutants,
  ...closingMutants,
  ...failingMutants,
]
