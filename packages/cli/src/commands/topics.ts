import { derivedTopic, isInternalTopic } from '@bus/core/spi'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'

interface Row {
  readonly topic: string
  readonly kind: 'topic' | 'retry' | 'dlq' | 'delayed' | 'internal'
  /** Of what is derived. */
  readonly parent: string | undefined
  readonly group: string | undefined
}

export const topics: Command = command({
  name: 'topics',
  summary: 'lists the topics that exist',
  arguments: [],
  options: {
    all: { type: 'boolean', short: 'a', help: 'also what the bus derives from them: retries, dead letters, delays' },
  },
  examples: ['bus topics', 'bus topics --all --json'],
  async run({ values }, context) {
    const { adapter } = await context.connect()
    const all = (await adapter.listTopics()).toSorted().map(rowOf)
    const rows = values.all === true ? all : all.filter(({ kind }) => kind === 'topic')
    await context.out.rows<Row>(
      rows,
      [
        { title: 'TOPIC', of: ({ topic }) => topic, colour: ({ kind }) => (kind === 'dlq' ? 'yellow' : undefined) },
        ...(values.all === true
          ? [
              { title: 'KIND', of: ({ kind }: Row) => kind },
              { title: 'OF', of: ({ parent }: Row) => parent },
              { title: 'GROUP', of: ({ group }: Row) => group },
            ]
          : []),
      ],
      'There are no topics.',
    )
    return exitCodes.ok
  },
})

function rowOf(topic: string): Row {
  if (isInternalTopic(topic)) return { topic, kind: 'internal', parent: undefined, group: undefined }
  const derived = derivedTopic(topic)
  return { topic, kind: derived?.kind ?? 'topic', parent: derived?.parent, group: derived?.group }
}
