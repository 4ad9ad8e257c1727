import { setTimeout as sleep } from 'node:timers/promises'
import { EventBus, type BaseEvent, type EventBusOptions, type Logger, type RetryOptions } from '../../index.ts'
import type { EventBusAdapter, StoredMessage } from '../../spi/index.ts'
import type { Around, CaseContext } from './context.ts'
import { within } from './deadline.ts'
import { Gate } from './facade-gate.ts'
import { HookLog } from './facade-hook-log.ts'
import { Recorder, type Behaviour } from './facade-recorder.ts'
import { history } from './messages.ts'

/** Retries that cost a case no time, and that are announced to the millisecond. */
export const quick: RetryOptions = { initialDelayMs: 5, factor: 1, maxDelayMs: 5, jitter: 0 }

/** What a case takes for a process: an adapter with a bus on it. Where the backend is not shared, the adapter is one. */
export interface Process {
  readonly adapter: EventBusAdapter
  readonly bus: EventBus
  readonly hooks: HookLog
}

export interface ProcessChoice extends EventBusOptions {
  /** Puts something around the adapter. */
  readonly around?: Around | undefined
}

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Where a case of the facade tier plays: buses, handlers that remember, and the limits of waiting. */
export class Stage {
  readonly context: CaseContext
  readonly #processes: Process[] = []
  readonly #gates: Gate[] = []
  #only: Promise<EventBusAdapter> | undefined

  constructor(context: CaseContext) {
    this.context = context
  }

  topic(): string {
    return this.context.topic()
  }

  async process({ around, ...options }: ProcessChoice = {}): Promise<Process> {
    return this.#begin(await this.#adapter(around), options)
  }

  /** On the server that only this case uses. */
  async private(options: EventBusOptions = {}): Promise<Process> {
    return this.#begin(await this.context.private(), options)
  }

  async #adapter(around: Around | undefined): Promise<EventBusAdapter> {
    if (this.context.subject.facts.shared) return this.context.adapter(around)
    const only = await (this.#only ??= this.context.adapter())
    return around === undefined ? only : this.context.around(only, around)
  }

  #begin(adapter: EventBusAdapter, options: EventBusOptions): Process {
    const bus = new EventBus(adapter, 'conformance', { logger: silent, ...options })
    const process = { adapter, bus, hooks: new HookLog(bus, this.context.patienceMs) }
    this.#processes.push(process)
    return process
  }

  async processes<const Count extends 2 | 3>(
    count: Count,
  ): Promise<Count extends 2 ? [Process, Process] : [Process, Process, Process]> {
    const made = await Promise.all(Array.from({ length: count }, () => this.process()))
    return made as Count extends 2 ? [Process, Process] : [Process, Process, Process]
  }

  recorder(behaviour?: Behaviour): Recorder {
    return new Recorder(this.context.patienceMs, behaviour)
  }

  /** Opens by itself when the case is over. */
  gate(): Gate {
    const gate = new Gate()
    this.#gates.push(gate)
    return gate
  }

  /** Every subscription of these processes delivers. */
  ready(...processes: readonly Process[]): Promise<void> {
    return this.context.until('All subscriptions are ready', async () => {
      const all = await Promise.all(processes.map(({ bus }) => bus.getHealth()))
      return all.every(({ ready }) => ready)
    })
  }

  within<Value>(what: string, promise: Promise<Value>, ms: number = this.context.patienceMs): Promise<Value> {
    return within(ms, what, promise)
  }

  /** For what must not happen and leaves no trace that could be awaited. */
  async quiet(): Promise<void> {
    await sleep(this.context.quietMs)
  }

  async end(closeWithinMs: number): Promise<void> {
    for (const gate of this.#gates) gate.open()
    const closing = Promise.all(this.#processes.map(({ bus }) => bus.close({ timeoutMs: closeWithinMs })))
    await this.within('Closing the buses', closing)
  }

  /** What the buses reported meanwhile; it often says why a case failed. */
  get reported(): string[] {
    return this.#processes.flatMap(({ hooks }) =>
      hooks.error.items.map(({ error, operation }) => `${operation}: ${String(error)}`),
    )
  }
}

/** Gives a case its stage, and clears it afterwards. */
export function onStage(play: (stage: Stage) => Promise<void>): (context: CaseContext) => Promise<void> {
  return async (context) => {
    const stage = new Stage(context)
    try {
      await play(stage)
    } catch (error) {
      if (error instanceof Error && stage.reported.length > 0) {
        error.message += `\nThe bus reported:\n  ${[...new Set(stage.reported)].slice(0, 5).join('\n  ')}`
      }
      await stage.end(0).catch(() => undefined)
      throw error
    }
    await stage.end(5_000)
  }
}

export async function eventsOf(events: AsyncIterable<BaseEvent>): Promise<BaseEvent[]> {
  const found: BaseEvent[] = []
  for await (const event of events) found.push(event)
  return found
}

/** The messages of a topic, waited for until there are `count`: some backends show what was stored a moment later. */
export async function stored(
  stage: Stage,
  { adapter }: Process,
  topic: string,
  count: number,
): Promise<StoredMessage[]> {
  let found: StoredMessage[] = []
  await stage.context.until(`${count} messages in "${topic}"`, async () => {
    found = await history(adapter, { topic })
    return found.length >= count
  })
  return found
}

export function ids(events: readonly BaseEvent[]): string[] {
  return events.map(({ metadata }) => metadata.eventId)
}
