import type { HistoryOptions } from '@bus/core'
import type { Values } from '../command.ts'
import { UsageError } from '../exit-codes.ts'
import { date, integer } from './values.ts'

export const timeOptions = {
  from: { type: 'string', value: 'TIME', help: 'stored since then: a time, or an age such as 30m, 2h, 7d' },
  to: { type: 'string', value: 'TIME', help: 'stored before then' },
} as const

/** Which of the stored events. */
export const eventFilterOptions = {
  after: { type: 'string', value: 'POSITION', help: 'stored after this position; instead of --from' },
  type: { type: 'string', short: 't', value: 'TYPE', help: 'of this type' },
  key: { type: 'string', short: 'k', value: 'KEY', help: 'with this key' },
  'correlation-id': { type: 'string', value: 'ID', help: 'of this flow' },
  limit: { type: 'string', short: 'n', value: 'N', help: 'this many at most' },
} as const

export function eventFilter(values: Values<typeof timeOptions & typeof eventFilterOptions>): HistoryOptions {
  const { after, type, key } = values
  if (after !== undefined && values.from !== undefined) throw new UsageError('Say --from or --after, not both.')
  return {
    from: after ?? date('from', values.from),
    to: date('to', values.to),
    type,
    key,
    correlationId: values['correlation-id'],
    limit: integer('limit', values.limit),
  }
}
