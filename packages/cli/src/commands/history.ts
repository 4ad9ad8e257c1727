import { eventFilter, eventFilterOptions, timeOptions } from '../arguments/event-filter.ts'
import { command, type Command } from '../command.ts'
import { printEvent, recordOf } from '../events/event-line.ts'
import { exitCodes } from '../exit-codes.ts'

export const history: Command = command({
  name: 'history',
  summary: 'prints the events that the backend still holds',
  details: 'TOPIC is a name, or a pattern such as "orders.*". No group is touched.',
  arguments: [{ name: 'TOPIC' }],
  options: { ...timeOptions, ...eventFilterOptions },
  examples: ['bus history orders --from 2h --type order.placed', 'bus history "orders.*" --json | jq .payload'],
  async run({ positionals: [topic = ''], values }, context) {
    const filter = eventFilter(values)
    const { bus } = await context.connect()
    // Unlike history(), a replay tells keys and positions; no group's position moves.
    const { skipped, complete } = await bus.replay({
      ...filter,
      topic,
      signal: context.signal,
      into: (event, place) => printEvent(context.out, recordOf(event, place)),
    })
    if (skipped > 0) context.out.warn(`${skipped} stored messages are no events and were passed over.`)
    return complete || context.out.closed ? exitCodes.ok : exitCodes.interrupted
  },
})
