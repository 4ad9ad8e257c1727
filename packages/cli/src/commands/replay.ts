import { eventFilter, eventFilterOptions, timeOptions } from '../arguments/event-filter.ts'
import { positive } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { exitCodes, UsageError } from '../exit-codes.ts'
import { assertCanConfirm, confirm } from '../terminal/confirm.ts'
import { Progress } from '../terminal/progress.ts'
import { count } from '../terminal/text.ts'

export const replay: Command = command({
  name: 'replay',
  summary: 'has events of the past handled again by one consumer group',
  details:
    'They reach the group by way of its retry topic, marked as replayed; no other group sees them, and no position\n' +
    'moves. To look at the past only: bus history.',
  arguments: [{ name: 'TOPIC' }],
  options: {
    group: { type: 'string', short: 'g', value: 'GROUP', help: 'the group that gets them; required' },
    ...timeOptions,
    ...eventFilterOptions,
    rate: { type: 'string', value: 'N', help: 'events per second; default as fast as it goes' },
    'dry-run': { type: 'boolean', help: 'only counts' },
    yes: { type: 'boolean', short: 'y', help: 'does not ask' },
  },
  examples: ['bus replay orders --group billing --from 2026-11-01 --to 2026-11-02 --rate 200'],
  async run({ positionals: [topic = ''], values }, context) {
    const { group } = values
    if (group === undefined) throw new UsageError('--group is missing.')
    const { out, signal } = context
    const dryRun = values['dry-run'] === true
    const unasked = dryRun || values.yes === true
    const options = { ...eventFilter(values), topic, into: { group }, signal, rate: positive('rate', values.rate) }
    assertCanConfirm(context, 'A replay', unasked)
    const { bus } = await context.connect()
    if (!unasked) {
      const { matched } = await bus.replay({ ...options, dryRun: true })
      if (matched > 0) await confirm(context, `${count(matched, 'event')} will be handled again by ${group}. Go on?`)
    }
    const progress = new Progress(out)
    const onProgress = (done: number): void => progress.update(() => `${count(done, 'event')} replayed`)
    const report = await bus.replay({ ...options, dryRun, onProgress })
    progress.clear()
    await out.record(report, () =>
      dryRun ? `${count(report.matched, 'event')} would be replayed` : `${count(report.replayed, 'event')} replayed`,
    )
    if (report.skipped > 0) out.warn(`${report.skipped} stored messages are no events and were passed over.`)
    return report.complete ? exitCodes.ok : exitCodes.interrupted
  },
})
