import type { CaseBug } from './case-bug.ts'

const [history, replay, copies] = ['history.ts', 'replay.ts', 'failure/copies.ts']
const read = 'history can be read from a position or a time'
const intoGroup = 'a replay into a group reaches that group only'
const foreign = 'history, a trace and a replay pass over what is no event'
const nothing = 'reading history takes nothing from anybody'
const tried = 'a replay can be filtered, limited, tried first'

/** Of history, traces and replay. */
export const pastBugs: readonly CaseBug[] = [
  {
    name: 'history begins at the beginning, whatever time is given',
    file: history,
    from: 'since: from instanceof Date ? from.getTime() : undefined',
    to: 'since: undefined',
    foundBy: read,
  },
  {
    name: 'history does not end at a time',
    file: history,
    from: 'until: to?.getTime()',
    to: 'until: undefined',
    foundBy: read,
  },
  {
    name: 'history begins at a position and not behind it',
    file: history,
    from: "after: typeof from === 'string' ? from : undefined",
    to: 'after: undefined',
    foundBy: read,
  },
  {
    name: 'history knows no limit',
    file: history,
    from: 'if (--left === 0) return',
    to: '',
    foundBy: read,
  },
  {
    name: 'history looks at no type',
    file: history,
    from: 'if (type !== undefined && event.type !== type) return undefined',
    to: '',
    foundBy: read,
  },
  {
    name: 'history ends at what is no event',
    file: history,
    from: "if (event === undefined || event === 'unreadable') continue",
    to: "if (event === 'unreadable') return\n    if (event === undefined) continue",
    foundBy: foreign,
  },
  {
    name: 'what is no event is passed over in silence',
    file: history,
    from: "hooks.emit('error', { error, operation, topic: message.topic })",
    to: '',
    foundBy: foreign,
  },
  {
    name: 'a replay does not count what is no event',
    file: replay,
    from: 'report.skipped++',
    to: '{}',
    foundBy: foreign,
  },
  {
    name: 'what a reader does to a payload is done to the event',
    file: 'wire/decode.ts',
    from: "payload: typeof payload === 'object' ? clone(payload) : payload",
    to: 'payload',
    foundBy: nothing,
  },
  {
    name: 'what a reader does to metadata is done to the event',
    file: 'wire/decode.ts',
    from: 'metadata: clone(metadata)',
    to: 'metadata',
    foundBy: nothing,
  },
  {
    name: 'the history of a pattern is that of one topic after the other',
    file: history,
    from: '(one, other) => one.storedAt - other.storedAt',
    to: '() => -1',
    foundBy: 'history of a pattern is that of all its topics',
  },
  {
    name: 'the history of a pattern has dead letters',
    file: history,
    from: 'if (message.headers[header.deadReason] === undefined) yield message',
    to: 'yield message',
    foundBy: 'a pattern has no retries and no dead letters',
  },
  {
    name: 'a trace is everything',
    file: 'trace.ts',
    from: '{ ...bounds, correlationId }',
    to: 'bounds',
    foundBy: 'a trace is all events of one flow',
  },
  {
    name: 'a replay into a handler does not say that it is one',
    file: replay,
    from: '{ replayed: true, signal }',
    to: '{ replayed: false, signal }',
    foundBy: 'a replay gives a handler the events of the past',
  },
  {
    name: 'a replay into a group goes to every group',
    file: replay,
    from: 'replayCopy(retryTopicOf(message.topic, this.#group), message)',
    to: 'replayCopy(message.topic, message)',
    foundBy: intoGroup,
  },
  {
    name: 'a replay into a group does not say that it is one',
    file: copies,
    from: "[header.replayed]: '1', ",
    to: '',
    foundBy: intoGroup,
  },
  {
    name: 'a replay into a group does not say where its events come from',
    file: copies,
    from: ", [header.replayed]: '1', [header.deadPosition]: originalPosition(source) }",
    to: ", [header.replayed]: '1' }",
    foundBy: 'what is replayed into a group is the event that it was',
  },
  {
    name: 'a replay forgets its last batch',
    file: replay,
    from: 'if (!signal.aborted) done(await sink.flush())',
    to: '',
    foundBy: intoGroup,
  },
  {
    name: 'a replay that is only tried is carried out',
    file: replay,
    from: 'if (!dryRun) done',
    to: 'done',
    foundBy: tried,
  },
  { name: 'a replay takes what was filtered out', file: replay, from: '&& filter(event)', to: '', foundBy: tried },
  {
    name: 'a replay has no pace',
    file: replay,
    from: 'await pace.turn(1, signal)',
    to: '',
    foundBy: tried,
  },
  {
    name: 'a replay passes the middleware by',
    file: replay,
    from: 'host.around(into)',
    to: 'into',
    foundBy: 'a replay runs inside the middleware',
  },
  {
    name: 'a replay goes into a group that nobody knows',
    file: replay,
    from: '(await this.#host.adapter.inspect(topic, this.#group)) === undefined',
    to: 'topic === undefined',
    foundBy: 'a replay into a group that is not there',
  },
]
