import type { RedriveReport } from '@bus/core'
import { chosenDeadLetters, deadLetterFilterOptions } from '../arguments/dead-letter-filter.ts'
import { integer, positive } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { assertCanConfirm, confirm } from '../terminal/confirm.ts'
import { Progress } from '../terminal/progress.ts'
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
    all: { type: 'boolean', help: 'all there are' },
    'dry-run': { type: 'boolean', help: 'only counts' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'this many at most' },
    rate: { type: 'string', value: 'N', help: 'events per second; default as fast as it goes' },
    'to-topic': { type: 'boolean', help: 'to the topic itself: every group gets them again' },
    'max-redrives': { type: 'string', value: 'N', help: 'how often one event is redriven in all; default 3' },
    force: { type: 'boolean', help: 'also what is parked' },
    yes: { type: 'boolean', short: 'y', help: 'does not ask' },
  },
  examples: ['bus dlq redrive --topic orders --group billing --dry-run', 'bus dlq redrive --all --rate 50 --yes'],
  async run({ positionals: ids, values }, context) {
    const filter = chosenDeadLetters(ids, values, values.all === true)
    const options = {
      ...filter,
      limit: integer('limit', values.limit),
      rate: positive('rate', values.rate),
      maxRedrives: integer('max-redrives', values['max-redrives']),
      toTopic: values['to-topic'],
      force: values.force,
    }
    const { out, signal } = context
    const dryRun = values['dry-run'] === true
    const unasked = dryRun || values.yes === true
    assertCanConfirm(context, 'A redrive', unasked)
    const { bus } = await context.connect()
    const whom = values['to-topic'] === true ? 'every group of their topic' : 'the group that failed'
    let report: RedriveReport | undefined
    if (!unasked) {
      report = await bus.deadLetters.redrive({ ...options, dryRun: true, signal })
      const due = movable(report)
      if (due > 0) await confirm(context, `${count(due, 'dead letter')} will be handled again by ${whom}. Go on?`)
    }
    // What cannot be redriven needs no asking: the report says so.
    const progress = new Progress(out)
    const onProgress = (done: number): void => progress.update(() => `${count(done, 'dead letter')} redriven`)
    report = await bus.deadLetters.redrive({ ...options, dryRun, signal, onProgress })
    progress.clear()
    await out.record(report, () => sentence(report, dryRun))
    for (const problem of report.problems) out.warn(problem)
    if (!report.complete) return exitCodes.interrupted
    return report.skipped + report.parked > 0 && !dryRun ? exitCodes.failed : exitCodes.ok
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
