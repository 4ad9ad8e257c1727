import type { ConformanceCase } from '../../case.ts'
import { crashCases } from './crash.ts'
import { networkCases } from './network.ts'
import { terminationCases } from './termination.ts'

/** While servers and processes die. */
export const faultCases: readonly ConformanceCase[] = [...networkCases, ...crashCases, ...terminationCases]
