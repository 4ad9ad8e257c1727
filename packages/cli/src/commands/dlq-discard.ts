import { choiceOptions, chosenDeadLetters, deadLetterFilterOptions } from '../arguments/dead-letter-filter.ts'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { carryOut, orderOptions } from '../order.ts'
import { count } from '../terminal/text.ts'

export const dlqDiscard: Command = command({
  name: 'dlq discard',
  summary: 'has dead letters forgotten: they are no longer listed nor redriven',
  details: 'The records stay in the dead letter topic until its retention ends: bus history still prints them.',
  arguments: [{ name: 'ID', optional: true, rest: true }],
  options: { ...deadLetterFilterOptions, ...choiceOptions, ...orderOptions },
  examples: [
    'bus dlq discard orders.billing.dlq/0000000000000042',
    'bus dlq discard --topic orders --type order.viewed --yes',
  ],
  async run({ positionals: ids, values }, context) {
    const chosen = chosenDeadLetters(ids, values)
    const { complete } = await carryOut(context, values, {
      what: 'Discarding',
      run: (bus, how) => bus.deadLetters.discard({ ...chosen, all: values.all, ...how }),
      question: ({ matched }) =>
        matched > 0 ? `${count(matched, 'dead letter')} will be discarded for good.` : undefined,
      progress: (done) => `${count(done, 'dead letter')} discarded`,
      sentence: ({ matched, discarded }, dryRun) =>
        dryRun ? `${count(matched, 'dead letter')} would be discarded` : `${count(discarded, 'dead letter')} discarded`,
    })
    return complete ? exitCodes.ok : exitCodes.interrupted
  },
})
