import { date, integer } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { printEvent, recordOf } from '../events/event-line.ts'
import { exitCodes, UsageError } from '../exit-codes.ts'

export const tail: Command = command({
  name: 'tail',
  summary: 'prints events as they are published, until Ctrl-C',
  details: 'TOPIC is a name, "*" or a pattern such as "orders.*". It belongs to no group and takes nothing from any.',
  arguments: [{ name: 'TOPIC' }],
  options: {
    from: { type: 'string', value: 'TIME', help: 'begins there: a time, or an age such as 30m; default now' },
    after: { type: 'string', value: 'POSITION', help: 'begins after this position' },
    earliest: { type: 'boolean', help: 'begins with the oldest event' },
    type: { type: 'string', short: 't', multiple: true, value: 'TYPE', help: 'of this type; may be repeated' },
    key: { type: 'string', short: 'k', value: 'KEY', help: 'with this key' },
    'correlation-id': { type: 'string', value: 'ID', help: 'of this flow' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'ends after this many' },
    'dead-letters': { type: 'boolean', help: 'of a pattern also the dead letters' },
  },
  examples: ['bus tail orders', 'bus tail "*" --from 10m --json', 'bus tail orders.billing.dlq --earliest'],
  async run({ positionals: [topic = ''], values }, context) {
    const starts = [values.from, values.after, values.earliest].filter((start) => start !== undefined)
    if (starts.length > 1) throw new UsageError('Say one of --from, --after and --earliest.')
    const startFrom = values.earliest === true ? 'earliest' : (values.after ?? date('from', values.from) ?? 'latest')
    const limit = integer('limit', values.limit, 1) ?? Number.POSITIVE_INFINITY
    const { key, 'correlation-id': correlationId } = values
    const { bus } = await context.connect()
    const { out } = context
    const full = new AbortController()
    let printed = 0
    await bus.subscribe(
      topic,
      async (event, place) => {
        if (printed >= limit || context.signal.aborted) return
        if (key !== undefined && place.key !== key) return
        if (correlationId !== undefined && event.metadata.correlationId !== correlationId) return
        await printEvent(out, recordOf(event, place))
        if (++printed >= limit) full.abort()
      },
      {
        startFrom,
        maxRetries: 0,
        useDLQ: false,
        ...(values.type === undefined ? {} : { types: values.type }),
        includeDeadLetters: values['dead-letters'] === true,
      },
    )
    out.note(`Waiting for events of ${topic}; Ctrl-C ends.`)
    await aborted(AbortSignal.any([context.signal, full.signal]))
    return exitCodes.ok
  },
})

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
