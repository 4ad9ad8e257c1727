import type { ConformanceCase } from '../case.ts'
import { delayCases } from './delays.ts'
import { fanOutCases } from './fan-out.ts'
import { forwardCases } from './forward.ts'
import { groupCases } from './groups.ts'
import { historyCases } from './history.ts'
import { inspectionCases } from './inspection.ts'
import { lifecycleCases } from './lifecycle.ts'
import { loanCases } from './loans.ts'
import { orderCases } from './order.ts'
import { publishCases } from './publish.ts'
import { pullCases } from './pull.ts'
import { settlementCases } from './settlement.ts'
import { startFromCases } from './start-from.ts'

/** The adapter alone. */
export const spiCases: readonly ConformanceCase[] = [
  ...publishCases,
  ...fanOutCases,
  ...groupCases,
  ...startFromCases,
  ...settlementCases,
  ...loanCases,
  ...orderCases,
  ...pullCases,
  ...delayCases,
  ...forwardCases,
  ...historyCases,
  ...inspectionCases,
  ...lifecycleCases,
]
