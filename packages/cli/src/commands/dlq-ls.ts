import type { DeadLetter } from '@bus/core'
import { deadLetterFilter, deadLetterFilterOptions } from '../arguments/dead-letter-filter.ts'
import { integer } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { deadLetterJson, errorOf } from '../events/dead-letter.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Column } from '../terminal/table.ts'

export const dlqLs: Command = command({
  name: 'dlq ls',
  summary: 'lists dead letters, those that are neither redriven nor discarded',
  arguments: [],
  options: {
    ...deadLetterFilterOptions,
    limit: { type: 'string', short: 'n', value: 'N', help: 'this many at most; default 50' },
    after: { type: 'string', value: 'ID', help: 'those behind this one: the next page' },
    count: { type: 'boolean', help: 'only how many there are' },
  },
  examples: [
    'bus dlq ls --topic orders --group billing',
    'bus dlq ls --error PaymentError --from 1d',
    'bus dlq ls --count',
  ],
  async run({ values }, context) {
    const filter = deadLetterFilter(values)
    const limit = integer('limit', values.limit, 1) ?? 50
    const { bus } = await context.connect()
    const { out } = context
    if (values.count === true) {
      const dead = await bus.deadLetters.count(filter)
      await out.record({ count: dead }, () => String(dead))
      return exitCodes.ok
    }
    const { items, next } = await bus.deadLetters.list({ ...filter, limit, after: values.after })
    if (out.json) for (const letter of items) await out.record(deadLetterJson(letter), () => letter.id)
    else await out.rows(items, columns, 'There are no dead letters.')
    if (next !== undefined) out.note(`There are more: --after ${next}`)
    return exitCodes.ok
  },
})

const columns: readonly Column<DeadLetter>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'DIED', of: ({ deadAt }) => deadAt },
  { title: 'GROUP', of: ({ group }) => group },
  { title: 'TYPE', of: ({ event }) => event?.type },
  { title: 'KEY', of: ({ key }) => key },
  { title: 'ATTEMPTS', of: ({ attempts }) => attempts, right: true },
  {
    title: 'REDRIVES',
    of: ({ redrives, parked }) => (parked ? `${redrives} parked` : redrives),
    right: true,
    colour: ({ parked }) => (parked ? 'yellow' : undefined),
  },
  { title: 'ERROR', of: errorOf, colour: () => 'red' },
]
