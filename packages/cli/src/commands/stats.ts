import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { groupRows, ownTopics } from '../groups.ts'

export const stats: Command = command({
  name: 'stats',
  summary: 'sums up per topic what is behind and what has failed',
  details:
    'Counts what the backend holds at the moment. What a process has handled, only it can tell: bus.getStats().\n' +
    'Dead letters are counted one by one, which takes a while where there are many.',
  arguments: [{ name: 'TOPIC', optional: true, rest: true }],
  options: {},
  examples: ['bus stats', 'bus stats orders --json'],
  async run({ positionals }, context) {
    const { adapter, bus } = await context.connect()
    const listed = await adapter.listTopics()
    const topics = positionals.length > 0 ? positionals : ownTopics(listed)
    const rows = []
    for (const topic of topics) {
      if (context.signal.aborted) return exitCodes.interrupted
      const groups = await groupRows(adapter, topic)
      const sum = (of: (row: (typeof groups)[number]) => number): number =>
        groups.reduce((total, row) => total + of(row), 0)
      rows.push({
        topic,
        groups: groups.length,
        lag: sum(({ lag }) => lag),
        pending: sum(({ pending }) => pending),
        retries: sum(({ retries }) => retries),
        deadLetters: await bus.deadLetters.count({ topic }),
      })
    }
    await context.out.rows(
      rows,
      [
        { title: 'TOPIC', of: ({ topic }) => topic },
        { title: 'GROUPS', of: ({ groups }) => groups, right: true },
        { title: 'LAG', of: ({ lag }) => lag, right: true },
        { title: 'PENDING', of: ({ pending }) => pending, right: true },
        { title: 'RETRIES', of: ({ retries }) => retries, right: true },
        {
          title: 'DEAD LETTERS',
          of: ({ deadLetters }) => deadLetters,
          right: true,
          colour: ({ deadLetters }) => (deadLetters > 0 ? 'yellow' : undefined),
        },
      ],
      'There are no topics.',
    )
    return exitCodes.ok
  },
})
