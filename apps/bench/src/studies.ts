import type { Task } from './measurement.ts'
import { type Assignment, assignment, type Backend, bases } from './tasks.ts'

type Changes = Partial<Task>

const ours = ['bus']
const rounds = 3

/** How the cost of an event changes with what there is of everything else. */
export function growth(backend: Backend): readonly Assignment[] {
  const grown = (what: string, values: readonly number[], changes: (value: number) => Changes): Assignment[] =>
    values.map((value) => study('growth', what, value, changes(value)))
  // On Kafka each group is a member with a connection of its own; hundreds of them in one process are no design.
  const many = backend === 'kafka' ? [1, 10, 100] : [1, 10, 100, 1_000]
  return [
    ...grown('events', [10_000, 100_000, 1_000_000], (events) => ({ events })),
    ...grown('bytes of payload', [200, 2_000, 20_000], (payloadBytes) => ({ payloadBytes })),
    // Each of them gets every event: as many are handled in all.
    ...grown('subscriptions', many, (subscriptions) => ({ subscriptions, events: 200_000 / subscriptions })),
    ...grown('idle subscriptions elsewhere', [0, ...many.slice(1, 3)], (unrelated) => ({ unrelated })),
    ...grown('keys', [0, 50, 10_000], (keys) => ({ keys, concurrency: 16 })),
    // Memory is one process.
    ...(backend === 'memory' ? [] : grown('members', [1, 2, 4], (members) => ({ members, processes: 2, keys: 1_000 }))),
  ]
}

/** What an application can set, and what that does. */
export function knobs(backend: Backend): readonly Assignment[] {
  const turned = (what: string, values: readonly number[], changes: (value: number) => Changes): Assignment[] =>
    values.map((value) => study('knob', what, value, changes(value)))
  return [
    ...turned('publish() at once', [1, 10, 100, 500, 5_000], (window) => ({ window })),
    ...turned('prefetch', [1, 16, 64, 256, 1_024], (prefetch) => ({ prefetch })),
    ...turned('concurrency, handlers of 5 ms', [1, 16, 64, 256], (concurrency) => ({ concurrency, handlerMs: 5 })),
    ...(backend === 'kafka' ? turned('partitions', [1, 3, 12], (partitions) => ({ partitions })) : []),
  ]
}

/** Where an event's time goes, ours beside the base. */
export function profiles(backend: Backend): readonly Assignment[] {
  const candidates = [bases[backend], ...ours]
  return [
    assignment('profile, 500 at once', candidates, { kind: 'profile' }, rounds),
    assignment('profile, one by one', candidates, { kind: 'profile', window: 1 }, rounds),
  ]
}

function study(part: 'growth' | 'knob', what: string, value: number, changes: Changes): Assignment {
  const name = `${part}: ${what}, ${value.toLocaleString('en')}`
  // These take long, and a million events are an average in themselves.
  const { events = 0, subscriptions = 1 } = changes
  return assignment(name, ours, changes, events < 1_000_000 && subscriptions < 1_000 ? rounds : 1)
}

export interface Step {
  readonly part: 'growth' | 'knob'
  readonly what: string
  readonly value: number
}

/** What the name of a task says, if it is one of the above. */
export function stepOf(task: string): Step | undefined {
  const [, part, what = '', value = ''] = /^(growth|knob): (.+), ([\d,]+)$/.exec(task) ?? []
  return part === undefined ? undefined : { part: part as Step['part'], what, value: Number(value.replaceAll(',', '')) }
}
