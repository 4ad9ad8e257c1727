import type { CaseBug } from './case-bug.ts'
import { deadLetterBugs } from './dead-letter-bugs.ts'
import { handlingBugs } from './handling-bugs.ts'
import { pastBugs } from './past-bugs.ts'

/** Bugs of the core that cases of the conformance suite find, in memory. */
export const caseBugs: readonly CaseBug[] = [...pastBugs, ...deadLetterBugs, ...handlingBugs]
