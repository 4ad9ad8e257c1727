import type { ConformanceCase } from '../../case.ts'
import { apartCases } from './apart.ts'
import { circuitBreakerCases } from './circuit-breaker.ts'
import { closeCases } from './close.ts'
import { copyCases } from './copies.ts'
import { crashLoopCases } from './crash-loops.ts'
import { deadLetterListCases } from './dead-letter-lists.ts'
import { deadLetterCases } from './dead-letters.ts'
import { deferralCases } from './deferral.ts'
import { delayCases } from './delays.ts'
import { deliveryCases } from './delivery.ts'
import { earlyCases } from './early.ts'
import { failureTrailCases } from './failure-trails.ts'
import { fidelityCases } from './fidelity.ts'
import { flowCases } from './flow.ts'
import { forgetCases } from './forget.ts'
import { foreignCases } from './foreign.ts'
import { giveUpCases } from './give-up.ts'
import { groupCases } from './groups.ts'
import { historyPatternCases } from './history-patterns.ts'
import { historyCases } from './history.ts'
import { idempotencyCases } from './idempotency.ts'
import { limitCases } from './limits.ts'
import { loggingCases } from './logging.ts'
import { manualAckCases } from './manual-ack.ts'
import { memberCases } from './members.ts'
import { middlewareCases } from './middleware.ts'
import { orderCases } from './order.ts'
import { originCases } from './origins.ts'
import { patternCases } from './patterns.ts'
import { publishMiddlewareCases } from './publish-middleware.ts'
import { publishTroubleCases } from './publish-trouble.ts'
import { redriveCases } from './redrive.ts'
import { replayCases } from './replay.ts'
import { retryCases } from './retry.ts'
import { schemaCases } from './schemas.ts'
import { settledCases } from './settled.ts'
import { shutdownCases } from './shutdown.ts'
import { startFromCases } from './start-from.ts'
import { booksCases } from './books.ts'
import { statsCases } from './stats.ts'
import { timeoutCases } from './timeouts.ts'
import { traceCases } from './traces.ts'
import { troubleCases } from './trouble.ts'
import { unreadableCases } from './unreadable.ts'
import { unsubscribeCases } from './unsubscribe.ts'

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
  ...deadLetterListCases,
  ...redriveCases,
  ...originCases,
  ...giveUpCases,
  ...copyCases,
  ...unreadableCases,
  ...foreignCases,
  ...forgetCases,
  ...schemaCases,
  ...manualAckCases,
  ...timeoutCases,
  ...flowCases,
  ...unsubscribeCases,
  ...closeCases,
  ...shutdownCases,
  ...crashLoopCases,
  ...delayCases,
  ...earlyCases,
  ...failureTrailCases,
  ...historyCases,
  ...historyPatternCases,
  ...replayCases,
  ...memberCases,
  ...middlewareCases,
  ...loggingCases,
  ...idempotencyCases,
  ...circuitBreakerCases,
  ...publishMiddlewareCases,
  ...patternCases,
  ...publishTroubleCases,
  ...settledCases,
  ...statsCases,
  ...booksCases,
  ...traceCases,
  ...troubleCases,
]
