import { chosenDeadLetters, deadLetterFilterOptions } from '../arguments/dead-letter-filter.ts'
import { integer } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { assertCanConfirm, confirm } from '../terminal/confirm.ts'
import { Progress } from '../terminal/progress.ts'
import { count } from '../terminal/text.ts'

export const dlqDiscard: Command = command({
  name: 'dlq discard',
  summary: 'has dead letters forgotten: they are no longer listed nor redriven',
  details: 'The records stay in the dead letter topic until its retention ends: bus history still prints them.',
  arguments: [{ name: 'ID', optional: true, rest: true }],
  options: {
    ...deadLetterFilterOptions,
    all: { type: 'boolean', help: 'all there are' },
    'dry-run': { type: 'boolean', help: 'only counts' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'this many at most' },
    yes: { type: 'boolean', short: 'y', help: 'does not ask' },
  },
  examples: [
    'bus dlq discard orders.billing.dlq/0000000000000042',
    'bus dlq discard --topic orders --type order.viewed --yes',
  ],
  async run({ positionals: ids, values }, context) {
    const all = values.all === true
    const filter = chosenDeadLetters(ids, values, all)
    const options = {
      ...filter,
      ...(all ? { all } : {}),
      limit: integer('limit', values.limit),
      signal: context.signal,
    }
    const { out } = context
    const dryRun = values['dry-run'] === true
    const unasked = dryRun || values.yes === true
    assertCanConfirm(context, 'Discarding', unasked)
    const { bus } = await context.connect()
    if (!unasked) {
      const { matched } = await bus.deadLetters.discard({ ...options, dryRun: true })
      if (matched > 0) await confirm(context, `${count(matched, 'dead letter')} will be discarded for good. Go on?`)
    }
    const progress = new Progress(out)
    const onProgress = (done: number): void => progress.update(() => `${count(done, 'dead letter')} discarded`)
    const report = await bus.deadLetters.discard({ ...options, dryRun, onProgress })
    progress.clear()
    await out.record(report, () =>
      dryRun
        ? `${count(report.matched, 'dead letter')} would be discarded`
        : `${count(report.discarded, 'dead letter')} discarded`,
    )
    return report.complete ? exitCodes.ok : exitCodes.interrupted
  },
})
