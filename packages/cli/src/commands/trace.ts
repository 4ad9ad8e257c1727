import { timeOptions } from '../arguments/event-filter.ts'
import { date } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { printEvent, recordOf } from '../events/event-line.ts'
import { exitCodes } from '../exit-codes.ts'
import { interruptible } from '../terminal/interruptible.ts'

export const trace: Command = command({
  name: 'trace',
  summary: 'prints the events of one flow, over all topics, in the order in which they were stored',
  details: 'Everything that is stored is read, unless --from, --to or --topics narrow it.',
  arguments: [{ name: 'CORRELATION-ID' }],
  options: {
    ...timeOptions,
    topics: { type: 'string', value: 'PATTERN', help: 'only in these topics, such as "orders.*"; default all' },
  },
  examples: ['bus trace 5f0c3c1e --from 1h'],
  async run({ positionals: [correlationId = ''], values }, context) {
    const options = { from: date('from', values.from), to: date('to', values.to), topics: values.topics }
    const { bus } = await context.connect()
    let found = 0
    for await (const traced of interruptible(bus.trace(correlationId, options), context.signal)) {
      found++
      await printEvent(context.out, { ...recordOf(traced, traced), storedAt: traced.storedAt })
    }
    if (context.signal.aborted) return context.out.closed ? exitCodes.ok : exitCodes.interrupted
    if (found === 0) context.out.note('No events of this flow are stored.')
    return found > 0 ? exitCodes.ok : exitCodes.failed
  },
})
