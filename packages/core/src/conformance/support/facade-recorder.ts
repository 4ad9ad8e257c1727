import type { BaseEvent, Handler, HandlerContext } from '../../index.ts'
import { isThenable } from '../../util/thenable.ts'
import { Sightings } from './facade-sightings.ts'

/** One start of a handler: what it was given, when, and what it was told. */
export interface Start extends Pick<
  HandlerContext,
  'topic' | 'key' | 'attempt' | 'consumerGroup' | 'position' | 'signal' | 'replayed'
> {
  /** As it came; the handler may have changed its own since. */
  readonly event: BaseEvent
  readonly context: HandlerContext
  /** Epoch milliseconds. */
  readonly at: number
}

export type Behaviour = (event: BaseEvent, context: HandlerContext) => void | Promise<void>

/** A handler that remembers its starts. One of them may serve several subscriptions. */
export class Recorder {
  /** Every start, failed ones included. */
  readonly starts: Sightings<Start>
  /** The starts whose handler has returned. */
  readonly handled: Sightings<Start>
  readonly #behaviour: Behaviour

  constructor(patienceMs: number, behaviour: Behaviour = () => {}) {
    this.starts = new Sightings('A start of the handler', patienceMs)
    this.handled = new Sightings('A handled event', patienceMs)
    this.#behaviour = behaviour
  }

  readonly handle: Handler<BaseEvent> = (event, context) => {
    const { topic, key, attempt, consumerGroup, position, signal, replayed } = context
    const told = { topic, key, attempt, consumerGroup, position, signal, replayed }
    const start: Start = { ...told, event: structuredClone(event), context, at: Date.now() }
    this.starts.add(start)
    const returned = this.#behaviour(event, context)
    // Handlers that take no time and handlers that do go different ways in the core.
    if (isThenable(returned)) return returned.then(() => this.handled.add(start))
    this.handled.add(start)
    return undefined
  }

  /** The payloads of what was handled, in this order. */
  get payloads(): unknown[] {
    return this.handled.items.map(({ event }) => event.payload)
  }

  get attempts(): number[] {
    return this.starts.items.map(({ attempt }) => attempt)
  }
}
