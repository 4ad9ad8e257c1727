import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { groupRows, ownTopics } from '../groups.ts'
import { age } from '../terminal/text.ts'

export const groups: Command = command({
  name: 'groups',
  summary: 'tells how far consumer groups are behind',
  details:
    'Groups are known by their retry and dead letter topics. Where a backend makes these only when they are needed,\n' +
    'name the groups that nothing has failed in: --group. Exit code 1 if a topic or group that was named is not there.',
  arguments: [{ name: 'TOPIC', optional: true, rest: true }],
  options: {
    group: { type: 'string', short: 'g', multiple: true, value: 'GROUP', help: 'also this group; may be repeated' },
  },
  examples: ['bus groups', 'bus groups orders --group billing --json'],
  async run({ positionals, values }, context) {
    const { adapter } = await context.connect()
    const { out } = context
    const listed = await adapter.listTopics()
    const topics = positionals.length > 0 ? positionals : ownTopics(listed)
    const rows = await groupRows(adapter, listed, topics, values.group)
    await out.rows(
      rows,
      [
        { title: 'TOPIC', of: ({ topic }) => topic },
        { title: 'GROUP', of: ({ group }) => group },
        { title: 'LAG', of: ({ lag }) => lag, right: true, colour: ({ lag }) => (lag > 0 ? 'yellow' : undefined) },
        { title: 'PENDING', of: ({ pending }) => pending, right: true },
        { title: 'RETRIES', of: ({ retries }) => retries, right: true },
        { title: 'OLDEST', of: ({ oldestPendingMs }) => (oldestPendingMs > 0 ? age(oldestPendingMs) : undefined) },
      ],
      'No consumer groups are known here; --group names one.',
    )
    const missing = [
      ...positionals.filter((topic) => !listed.includes(topic)).map((topic) => `There is no topic "${topic}".`),
      ...(values.group ?? [])
        .filter((wanted) => rows.every(({ group }) => group !== wanted))
        .map((group) => `There is no group "${group}" on these topics.`),
    ]
    for (const line of missing) out.error(line)
    return missing.length > 0 ? exitCodes.failed : exitCodes.ok
  },
})
