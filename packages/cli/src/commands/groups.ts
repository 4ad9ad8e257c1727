import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { groupRows } from '../groups.ts'
import { age } from '../terminal/text.ts'

export const groups: Command = command({
  name: 'groups',
  summary: 'tells how far consumer groups are behind',
  details:
    'Of all topics, or of those that are named; also of groups that have no member at the moment. Exit code 1 if a topic\n' +
    'or group that was named is not there.',
  arguments: [{ name: 'TOPIC', optional: true, rest: true }],
  options: {
    group: { type: 'string', short: 'g', multiple: true, value: 'GROUP', help: 'only this group; may be repeated' },
  },
  examples: ['bus groups', 'bus groups orders --group billing --json'],
  async run({ positionals, values }, context) {
    const { adapter } = await context.connect()
    const { out } = context
    const listed = positionals.length > 0 ? await adapter.listTopics() : []
    const found =
      positionals.length > 0
        ? (await Promise.all(positionals.map((topic) => groupRows(adapter, topic)))).flat()
        : await groupRows(adapter)
    const rows = found.filter(({ group }) => values.group?.includes(group) ?? true)
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
      'There are no such consumer groups.',
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
