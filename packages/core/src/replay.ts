import type { Handler } from './consume/context.ts'
import { ConfigInvalidError } from './errors.ts'
import type { BaseEvent } from './events.ts'
import { replayCopy } from './failure/copies.ts'
import { eventIn, type HistoryOptions, type StoredEvent, storedMessages } from './history.ts'
import {
  assertStillOpen,
  Batch,
  handleOutside,
  type OperationOptions,
  type OperationsHost,
  storeCopies,
  Terms,
} from './operations.ts'
import { assertGroup, retryTopicOf } from './spi/topics.ts'

/** Which events of the past are handled again, and by whom. */
export interface ReplayOptions<Event extends BaseEvent = BaseEvent> extends HistoryOptions, OperationOptions {
  /** Only events for which it returns true. */
  readonly filter?: ((event: Event) => boolean) | undefined
  /**
   * A handler that is called here, event by event, in order; what it throws ends the replay. Or the one consumer group
   * that gets the events again, through its retry topic; no other group sees them.
   */
  readonly into: Handler<Event> | { readonly group: string }
}

export interface ReplayReport {
  /** Stored messages looked at. */
  readonly read: number
  /** Events that were asked for. */
  readonly matched: number
  /** Events that the handler has handled, or that are stored for the group. */
  readonly replayed: number
  /** Messages that are no events; each was told to the listeners of `error`. */
  readonly skipped: number
  /** False if `signal` ended it. */
  readonly complete: boolean
}

/** Has events of the past handled again, up to those stored when it begins. No group's position moves. */
export async function replay(host: OperationsHost, topic: string, options: ReplayOptions): Promise<ReplayReport> {
  const { dryRun = false, filter = () => true } = options
  const terms = new Terms(host, options)
  const { signal, limit } = terms
  const messages = storedMessages(host.adapter, topic, options)
  const sink = sinkFor(host, options.into, terms)
  const report = { read: 0, matched: 0, replayed: 0, skipped: 0 }
  const done = (events: number): void => {
    report.replayed += events
    if (events > 0) options.onProgress?.(report.replayed)
  }
  if (limit > 0) {
    for await (const message of messages) {
      if (signal.aborted) break
      report.read++
      const event = eventIn(message, options, host.hooks, 'replaying')
      if (event === 'unreadable') report.skipped++
      else if (event !== undefined && filter(event)) {
        report.matched++
        if (!dryRun) done(await sink.take({ message, event }))
        if (report.matched >= limit) break
      }
    }
  }
  if (!signal.aborted) done(await sink.flush())
  assertStillOpen(host)
  return { ...report, complete: !signal.aborted }
}

/** Where the events go; both calls say how many are done with since the last one. */
interface Sink {
  take(stored: StoredEvent): Promise<number>
  flush(): Promise<number>
}

function sinkFor(host: OperationsHost, into: ReplayOptions['into'], terms: Terms): Sink {
  if (typeof into === 'function') return new HandlerSink(host, host.around(into), terms)
  const { group } = (into ?? {}) as { readonly group?: unknown }
  if (typeof group !== 'string')
    throw new ConfigInvalidError([{ name: 'into', problem: 'it must be a handler, or { group } with the name of one' }])
  assertGroup(group)
  return new GroupSink(host, group, terms)
}

class HandlerSink implements Sink {
  readonly #host: OperationsHost
  readonly #handler: Handler<BaseEvent>
  readonly #terms: Terms

  constructor(host: OperationsHost, handler: Handler<BaseEvent>, terms: Terms) {
    this.#host = host
    this.#handler = handler
    this.#terms = terms
  }

  async take({ message, event }: StoredEvent): Promise<number> {
    const { pace, signal } = this.#terms
    await pace.turn(1, signal)
    if (signal.aborted) return 0
    const about = { message, event, topic: message.topic }
    await handleOutside(this.#host, about, this.#handler, { replayed: true, signal })
    return 1
  }

  flush(): Promise<number> {
    return Promise.resolve(0)
  }
}

class GroupSink implements Sink {
  readonly #host: OperationsHost
  readonly #group: string
  readonly #terms: Terms
  readonly #batch: Batch<StoredEvent>
  readonly #known = new Set<string>()

  constructor(host: OperationsHost, group: string, terms: Terms) {
    this.#host = host
    this.#group = group
    this.#terms = terms
    this.#batch = new Batch(terms.batch)
  }

  async take(stored: StoredEvent): Promise<number> {
    await this.#assertConsumes(stored.message.topic)
    this.#batch.add(stored)
    return this.#batch.full ? this.flush() : 0
  }

  async flush(): Promise<number> {
    const events = this.#batch.take()
    const { pace, signal } = this.#terms
    await pace.turn(events.length, signal)
    if (signal.aborted || events.length === 0) return 0
    const copies = events.map(({ message }) => replayCopy(retryTopicOf(message.topic, this.#group), message))
    await storeCopies(this.#host, copies)
    return copies.length
  }

  /** Nobody would read what is stored for a group that is not there. */
  async #assertConsumes(topic: string): Promise<void> {
    if (this.#known.has(topic)) return
    if ((await this.#host.adapter.inspect(topic, this.#group)) === undefined) {
      const problem = `the group "${this.#group}" has never subscribed to "${topic}", or was deleted: nobody would get the events`
      throw new ConfigInvalidError([{ name: 'into.group', problem }])
    }
    this.#known.add(topic)
  }
}
