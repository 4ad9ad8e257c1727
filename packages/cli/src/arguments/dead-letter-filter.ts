import type { DeadLetterFilter, FailureKind } from '@bus/core'
import type { Values } from '../command.ts'
import { UsageError } from '../exit-codes.ts'
import { date, integer } from './values.ts'

/** Which dead letters. */
export const deadLetterFilterOptions = {
  topic: { type: 'string', value: 'TOPIC', help: 'failed on this topic, or are stored in this derived one' },
  group: { type: 'string', short: 'g', value: 'GROUP', help: 'failed in this group; broadcast: without a group' },
  'dlq-topic': { type: 'string', value: 'TOPIC', help: 'stored there; needed for dead letter topics of your own' },
  type: { type: 'string', short: 't', value: 'TYPE', help: 'of this type' },
  key: { type: 'string', short: 'k', value: 'KEY', help: 'with this key' },
  'correlation-id': { type: 'string', value: 'ID', help: 'of this flow' },
  error: { type: 'string', value: 'TEXT', help: 'whose error ("Name: message") contains this' },
  kind: { type: 'string', value: 'KIND', help: 'why: exhausted, rejected, unreadable, invalid or crashed' },
  from: { type: 'string', value: 'TIME', help: 'died since then: a time, or an age such as 30m, 2h, 7d' },
  to: { type: 'string', value: 'TIME', help: 'died before then' },
  parked: { type: 'boolean', help: 'only what has been redriven too often' },
} as const

/** Besides, for what changes something: all of them have to be asked for. */
export const choiceOptions = {
  all: { type: 'boolean', help: 'all there are' },
  limit: { type: 'string', short: 'n', value: 'N', help: 'this many at most' },
} as const

const kinds: readonly FailureKind[] = ['exhausted', 'rejected', 'unreadable', 'invalid', 'crashed']

export function deadLetterFilter(values: Values<typeof deadLetterFilterOptions>): DeadLetterFilter {
  const { topic, group, type, key, error, parked } = values
  return {
    topic,
    group,
    type,
    key,
    error,
    parked,
    dlqTopic: values['dlq-topic'],
    correlationId: values['correlation-id'],
    failureKind: kindOf(values.kind),
    from: date('from', values.from),
    to: date('to', values.to),
  }
}

/** All of them only if that is said. @throws UsageError */
export function chosenDeadLetters(
  ids: readonly string[],
  values: Values<typeof deadLetterFilterOptions & typeof choiceOptions>,
): DeadLetterFilter & { readonly limit: number | undefined } {
  const filter = deadLetterFilter(values)
  const selective = ids.length > 0 || Object.values(filter).some((value) => value !== undefined)
  if (!selective && values.all !== true)
    throw new UsageError('Say which dead letters: ids, a filter such as --topic, or --all.')
  if (selective && values.all === true) throw new UsageError('Say --all, or which dead letters, not both.')
  return { ...filter, ...(ids.length > 0 && { ids }), limit: integer('limit', values.limit) }
}

function kindOf(text: string | undefined): FailureKind | undefined {
  const found = kinds.find((kind) => kind === text)
  if (text !== undefined && found === undefined)
    throw new UsageError(`--kind: "${text}" is none of ${kinds.join(', ')}.`)
  return found
}
