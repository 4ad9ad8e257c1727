import { ConfigInvalidError } from '../errors.ts'
import type { StartFrom } from '../spi/consume.ts'
import type { SubscriptionOptions } from './options.ts'

/** @throws ConfigInvalidError */
export function startOf(startFrom: SubscriptionOptions['startFrom'] = 'latest'): StartFrom {
  if (startFrom === '' || (startFrom instanceof Date && Number.isNaN(startFrom.getTime()))) {
    throw new ConfigInvalidError([
      { name: 'startFrom', problem: `${JSON.stringify(startFrom)} is neither a date nor a position` },
    ])
  }
  if (startFrom instanceof Date || startFrom === 'latest' || startFrom === 'earliest') return startFrom as StartFrom
  return { position: startFrom }
}
