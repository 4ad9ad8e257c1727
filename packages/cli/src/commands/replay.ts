import { eventFilter, eventFilterOptions, timeOptions } from '../arguments/event-filter.ts'
import { positive } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { exitCodes, UsageError } from '../exit-codes.ts'
import { carryOut, orderOptions, rateOption } from '../order.ts'
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
    ...orderOptions,
    ...rateOption,
  },
  examples: ['bus replay orders --group billing --from 2026-11-01 --to 2026-11-02 --rate 200'],
  async run({ positionals: [topic = ''], values }, context) {
    const { group } = values
    if (group === undefined) throw new UsageError('--group is missing.')
    const options = { ...eventFilter(values), topic, into: { group }, rate: positive('rate', values.rate) }
    const { skipped, complete } = await carryOut(context, values, {
      what: 'A replay',
      run: (bus, how) => bus.replay({ ...options, ...how }),
      question: ({ matched }) =>
        matched > 0 ? `${count(matched, 'event')} will be handled again by ${group}.` : undefined,
      progress: (done) => `${count(done, 'event')} replayed`,
      sentence: ({ matched, replayed }, dryRun) =>
        dryRun ? `${count(matched, 'event')} would be replayed` : `${count(replayed, 'event')} replayed`,
    })
    if (skipped > 0) context.out.warn(`${skipped} stored messages are no events and were passed over.`)
    return complete ? exitCodes.ok : exitCodes.interrupted
  },
})
