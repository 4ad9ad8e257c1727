import type { ConformanceCase } from '../../case.ts'
import { apartCases } from './apart.ts'
import { copyCases } from './copies.ts'
import { deadLetterCases } from './dead-letters.ts'
import { deferralCases } from './deferral.ts'
import { deliveryCases } from './delivery.ts'
import { fidelityCases } from './fidelity.ts'
import { flowCases } from './flow.ts'
import { foreignCases } from './foreign.ts'
import { giveUpCases } from './give-up.ts'
import { groupCases } from './groups.ts'
import { limitCases } from './limits.ts'
import { manualAckCases } from './manual-ack.ts'
import { orderCases } from './order.ts'
import { retryCases } from './retry.ts'
import { schemaCases } from './schemas.ts'
import { startFromCases } from './start-from.ts'
import { timeoutCases } from './timeouts.ts'
import { unreadableCases } from './unreadable.ts'

/** The adapter below an `EventBus`. */
export const facadeCases: readonly ConformanceCase[] = [
  ...deliveryCases,
  ...fidelityCases,
  ...limitCases,
  ...groupCases,
  ...startFromCases,
  ...apartCases,
  ...retryCases,
  ...orderCases,
  ...deferralCases,
  ...deadLetterCases,
  ...giveUpCases,
  ...copyCases,
  ...unreadableCases,
  ...foreignCases,
  ...schemaCases,
  ...manualAckCases,
  ...timeoutCases,
  ...flowCases,
]
