import { EventBusError, EventInvalidError, TimeoutError } from '../errors.ts'
import { type BaseEvent, type EventSchemas, schemaOf } from '../events.ts'
import { RetryAfterError } from '../failure/signals.ts'
import type { Clock } from '../util/clock.ts'
import { isThenable } from '../util/thenable.ts'
import { decodeEvent } from '../wire/decode.ts'
import { header } from '../wire/headers.ts'
import { issueLines, type SchemaResult } from '../util/standard-schema.ts'
import type { Handler, HandlerContext } from './context.ts'
import type { Counters } from './counters.ts'
import { frames } from './frame.ts'
import type { Job } from './job.ts'
import type { SubscriptionPolicy } from './subscription-policy.ts'
import { Unhandleable } from './unhandleable.ts'

/** Everything about a subscription that one start of its handler needs. */
export interface Route {
  readonly bus: object
  readonly clock: Clock
  readonly topic: string
  readonly policy: SubscriptionPolicy
  readonly handler: Handler<BaseEvent>
  readonly counters: Counters
  readonly schemas: EventSchemas | undefined
  /** A pattern subscription passes over dead letters, also in a topic whose name does not tell. */
  readonly skipDeadLetters: boolean
  /** Aborts at the deadline of a shutdown. */
  readonly signal: AbortSignal
}

/** The event is not for this handler: it counts as done, and not as a start. */
export const passedOver: unique symbol = Symbol('passed over')

/**
 * One start: decode, validate, handler. Returns a promise only if something of it took time.
 * Throws, or rejects with, the handler's error or `Unhandleable`.
 */
export function attempt(job: Job, route: Route): typeof passedOver | void | Promise<void> {
  // Before it is read: one that cannot be read would be dead-lettered once more, and seen again.
  if (route.skipDeadLetters && job.delivery.message.headers[header.deadReason] !== undefined) return passedOver
  const event = decode(job)
  const { types } = route.policy
  if (types !== undefined && !types.has(event.type)) return passedOver
  const schema = route.schemas && schemaOf(route.schemas, route.topic, event.type)
  if (schema === undefined) return start(job, route, event)
  const result = schema['~standard'].validate(event.payload)
  if (!isThenable(result)) return start(job, route, validated(route, event, result))
  return result.then((settled) => {
    // It took too long: the event has been given back, or is about to be.
    if (route.signal.aborted) throw new Unhandleable('invalid', route.signal.reason)
    return start(job, route, validated(route, event, settled))
  })
}

function decode(job: Job): BaseEvent {
  try {
    return decodeEvent(job.delivery.message)
  } catch (cause) {
    throw new Unhandleable('unreadable', cause)
  }
}

function validated({ topic }: Route, event: BaseEvent, result: SchemaResult<unknown>): BaseEvent {
  if (result.issues !== undefined) {
    throw new Unhandleable('invalid', new EventInvalidError(topic, event.type, issueLines(result.issues)))
  }
  return { ...event, payload: result.value }
}

function start(job: Job, route: Route, event: BaseEvent): void | Promise<void> {
  route.counters.delivered++
  const frame = { bus: route.bus, metadata: event.metadata, job }
  const { timeoutMs, autoAck } = route.policy
  if (autoAck && timeoutMs === undefined) {
    return frames.run(frame, route.handler, event, new Context(job, route, route.signal))
  }
  const run = (signal: AbortSignal, overdue?: AbortSignal): void | Promise<void> => {
    const context = new Context(job, route, signal, overdue)
    const handle = (): void | Promise<void> => frames.run(frame, route.handler, event, context)
    return autoAck ? handle() : context.settledBy(handle)
  }
  return timeoutMs === undefined ? run(route.signal) : timed(route, timeoutMs, run)
}

/** A start that runs too long has failed; its handler gets the same time again to end, since its key must wait for it. */
function timed(
  { clock, topic, signal }: Route,
  timeoutMs: number,
  run: (signal: AbortSignal, overdue: AbortSignal) => void | Promise<void>,
): Promise<void> {
  const overdue = new AbortController()
  return new Promise((resolve, reject) => {
    let cancel = clock.timer(timeoutMs, () => {
      overdue.abort(new TimeoutError(`The handler for topic "${topic}"`, timeoutMs))
      cancel = clock.timer(timeoutMs, () => fail(overdue.signal.reason))
    })
    // Once a shutdown has given the event back, nobody waits for this any more, least of all the process.
    const stop = (): void => cancel()
    const over = (): void => {
      cancel()
      signal.removeEventListener('abort', stop)
    }
    const end = (): void => {
      over()
      if (overdue.signal.aborted) reject(overdue.signal.reason as Error)
      else resolve()
    }
    const fail = (error: unknown): void => {
      over()
      reject(overdue.signal.aborted ? (overdue.signal.reason as Error) : (error as Error))
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      Promise.resolve(run(AbortSignal.any([signal, overdue.signal]), overdue.signal)).then(end, fail)
    } catch (error) {
      fail(error)
    }
  })
}

class Context implements HandlerContext {
  readonly signal: AbortSignal
  readonly attempt: number
  readonly #job: Job
  readonly #route: Route
  /** Aborted: the start has failed, whatever its handler says. */
  readonly #overdue: AbortSignal | undefined
  #outcome: PromiseWithResolvers<void> | undefined
  #claimed = false

  constructor(job: Job, route: Route, signal: AbortSignal, overdue?: AbortSignal) {
    this.#job = job
    this.#route = route
    this.#overdue = overdue
    this.signal = signal
    this.attempt = job.attempt
  }

  get topic(): string {
    return this.#route.topic
  }

  get key(): string | undefined {
    return this.#job.delivery.message.key
  }

  get consumerGroup(): string | undefined {
    return this.#route.policy.consumerGroup
  }

  get position(): string {
    return this.#job.delivery.message.position
  }

  get replayed(): boolean {
    return this.#job.delivery.message.headers[header.replayed] !== undefined
  }

  async ack(): Promise<void> {
    const outcome = this.#manual('ack')
    outcome?.resolve()
    if (outcome !== undefined) await this.#job.delivery.ack()
  }

  async nack({ delayMs }: { readonly delayMs?: number | undefined } = {}): Promise<void> {
    const reason = 'the handler called nack()'
    this.#manual('nack')?.reject(delayMs === undefined ? new Error(reason) : new RetryAfterError(delayMs, reason))
  }

  async deadLetter(reason: string): Promise<void> {
    this.#manual('deadLetter')?.reject(new Unhandleable('rejected', new Error(reason), true))
  }

  /** For `autoAck: false`: over when the event is settled, or the handler threw before it was. */
  settledBy(handle: () => void | Promise<void>): Promise<void> {
    const outcome = this.#open()
    const fail = (error: unknown): void => this.#claim()?.reject(error)
    try {
      const returned = handle()
      if (isThenable(returned)) returned.then(undefined, fail)
    } catch (error) {
      fail(error)
    }
    return outcome.promise
  }

  #manual(call: string): PromiseWithResolvers<void> | undefined {
    if (this.#route.policy.autoAck) {
      throw new EventBusError('BUS_CONFIG_INVALID', `context.${call}() is for subscriptions with autoAck: false.`)
    }
    // It will be handled again: who acknowledges it now must not take it for done.
    if (call === 'ack' && this.#overdue?.aborted === true) throw this.#overdue.reason as Error
    return this.#claim()
  }

  /** The first word counts: acknowledging what waits for its retry already would lose it if its process ends. */
  #claim(): PromiseWithResolvers<void> | undefined {
    if (this.#claimed || this.#job.attempt !== this.attempt) return undefined
    this.#claimed = true
    return this.#open()
  }

  #open(): PromiseWithResolvers<void> {
    return (this.#outcome ??= withResolvers())
  }
}

// Promise.withResolvers is not in Node 20.
function withResolvers(): PromiseWithResolvers<void> {
  let resolve!: () => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { promise, resolve, reject }
}
