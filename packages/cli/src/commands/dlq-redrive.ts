import type { RedriveReport } from '@bus/core'
import { choiceOptions, chosenDeadLetters, deadLetterFilterOptions } from '../arguments/dead-letter-filter.ts'
import { integer, positive } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { carryOut, orderOptions, rateOption } from '../order.ts'
import { count } from '../terminal/text.ts'

export const dlqRedrive: Command = command({
  name: 'dlq redrive',
  summary: 'has dead letters handled again by the group that failed',
  details:
    'Nothing is lost if it is interrupted: call it again. What has been redriven too often is parked; --force moves it.\n' +
    'Exit code 1 if some were left where they are.',
  arguments: [{ name: 'ID', optional: true, rest: true }],
  options: {
    ...deadLetterFilterOptions,
    ...choiceOptions,
    ...orderOptions,
    ...rateOption,
    'to-topic': { type: 'boolean', help: 'to the topic itself: every group gets them again' },
    'max-redrives': { type: 'string', value: 'N', help: 'how often one event is redriven in all; default 3' },
    force: { type: 'boolean', help: 'also what is parked' },
  },
  examples: ['bus dlq redrive --topic orders --group billing --dry-run', 'bus dlq redrive --all --rate 50 --yes'],
  async run({ positionals: ids, values }, context) {
    const options = {
      ...chosenDeadLetters(ids, values),
      rate: positive('rate', values.rate),
      maxRedrives: integer('max-redrives', values['max-redrives']),
      toTopic: values['to-topic'],
      force: values.force,
    }
    const whom = options.toTopic === true ? 'every group of their topic' : 'the group that failed'
    const report = await carryOut(context, values, {
      what: 'A redrive',
      run: (bus, how) => bus.deadLetters.redrive({ ...options, ...how }),
      // What cannot be redriven needs no asking: the report says so.
      question: (found) =>
        movable(found) > 0 ? `${count(movable(found), 'dead letter')} will be handled again by ${whom}.` : undefined,
      progress: (done) => `${count(done, 'dead letter')} redriven`,
      sentence,
    })
    for (const problem of report.problems) context.out.warn(problem)
    if (!report.complete) return exitCodes.interrupted
    return report.skipped + report.parked > 0 && values['dry-run'] !== true ? exitCodes.failed : exitCodes.ok
  },
})

function movable({ matched, parked, skipped }: RedriveReport): number {
  return matched - parked - skipped
}

function sentence(report: RedriveReport, dryRun: boolean): string {
  const { redriven, parked, skipped } = report
  const parts = [
    dryRun
      ? `${count(movable(report), 'dead letter')} would be redriven`
      : `${count(redriven, 'dead letter')} redriven`,
  ]
  if (parked > 0) parts.push(`${parked} parked (redriven too often; --force moves them)`)
  if (skipped > 0) parts.push(`${skipped} left where they are`)
  return parts.join(', ')
}
