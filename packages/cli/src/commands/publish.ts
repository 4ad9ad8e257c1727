import { createReadStream } from 'node:fs'
import { date, duration, json, object } from '../arguments/values.ts'
import { command, type Command } from '../command.ts'
import { PublishStream } from '../events/publish-stream.ts'
import { exitCodes, UsageError } from '../exit-codes.ts'

export const publish: Command = command({
  name: 'publish',
  summary: 'publishes one event, or many from a file or from standard input',
  details:
    'With TOPIC, TYPE and PAYLOAD (JSON) one event. Otherwise one event per line is read, a JSON object with type,\n' +
    'payload, and, if you like, topic, key, metadata, delayMs, deliverAt; a topic in the call is that of all events.\n' +
    'Lines of tail, history and trace --json can be published as they are, and keep their ids.\n' +
    'A line that is no event is told and passed over; when the backend refuses one, no more are read.',
  arguments: [
    { name: 'TOPIC', optional: true },
    { name: 'TYPE', optional: true },
    { name: 'PAYLOAD', optional: true },
  ],
  options: {
    key: { type: 'string', short: 'k', value: 'KEY', help: 'events of one key keep their order' },
    'correlation-id': { type: 'string', value: 'ID', help: 'the flow it belongs to' },
    metadata: { type: 'string', value: 'JSON', help: 'further metadata, such as eventId or userId' },
    delay: {
      type: 'string',
      value: 'DURATION',
      help: 'delivered no sooner than this long from now: 500ms, 5s, 10m, 2h',
    },
    at: { type: 'string', value: 'TIME', help: 'delivered no sooner than then' },
    file: { type: 'string', short: 'f', value: 'FILE', help: 'reads events from there instead of standard input' },
    source: { type: 'string', value: 'NAME', help: 'what events name as their source; default bus-cli' },
  },
  examples: [
    `bus publish orders order.placed '{"orderId":"o-1"}' --key o-1`,
    'bus publish orders < orders.ndjson',
    'bus history orders --from 1h --json | bus publish orders-copy',
  ],
  async run({ positionals, values }, context) {
    const [topic, type, payload] = positionals
    const single = {
      key: values.key,
      delayMs: duration('delay', values.delay),
      deliverAt: date('at', values.at),
      metadata: {
        ...object('metadata', values.metadata),
        ...(values['correlation-id'] === undefined ? {} : { correlationId: values['correlation-id'] }),
      },
    }
    const { source } = values
    if (topic !== undefined && type !== undefined) {
      if (payload === undefined) throw new UsageError('PAYLOAD is missing.')
      if (values.file !== undefined) throw new UsageError('Say PAYLOAD or --file, not both.')
      const value = json('PAYLOAD', payload)
      const { bus } = await context.connect({ source })
      const event = await bus.publish(topic, type, value, { ...single, signal: context.signal })
      const { eventId } = event.metadata
      await context.out.record({ topic, type, eventId }, () => eventId)
      return exitCodes.ok
    }
    for (const name of ['key', 'correlation-id', 'metadata', 'delay', 'at'] as const)
      if (values[name] !== undefined) throw new UsageError(`--${name} is for one event; lines say it themselves.`)
    const { bus } = await context.connect({ source })
    const input = values.file === undefined ? context.stdin : createReadStream(values.file)
    if (input === context.stdin && context.stdin.isTTY)
      context.out.note('Reading events, one JSON object per line; Ctrl-D ends.')
    return new PublishStream({ bus, out: context.out, input, topic, signal: context.signal }).run()
  },
})
