import type { EventMetadata, FailureKind } from '../events.ts'
import type { Clock } from '../util/clock.ts'
import { errorText } from '../util/error-text.ts'
import { type Logger, writeTo } from '../util/logger.ts'
import { RateLimit } from '../util/rate-limit.ts'
import { isThenable } from '../util/thenable.ts'

interface AboutEvent {
  readonly topic: string
  readonly consumerGroup: string | undefined
  /** `undefined` if the stored bytes are no event. */
  readonly eventId: string | undefined
  readonly type: string | undefined
  readonly key: string | undefined
  readonly correlationId: string | undefined
  /** All of it, the context of a trace included. */
  readonly metadata: EventMetadata | undefined
  /** How often the handler was started. */
  readonly attempts: number
  readonly error: unknown
}

/** Of a circuit breaker. `open`: nothing is started. `half-open`: one event is tried. */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** What `bus.on` tells, and with what. */
export interface HookMap {
  /** A handler failed; the event is handled again after `delayMs`, in hand or by way of the retry topic. */
  retry: AboutEvent & { readonly delayMs: number; readonly deferred: boolean }
  /** The event's copy is stored in `dlqTopic`. */
  deadLetter: AboutEvent & { readonly dlqTopic: string; readonly reason: FailureKind }
  /** The event was given up: there is no dead letter queue. */
  failed: AboutEvent & { readonly reason: FailureKind }
  /** A subscription's circuit breaker changed: it pauses (`open`), tries one event (`half-open`), or goes on (`closed`). */
  circuit: {
    readonly state: CircuitState
    /** Topic or pattern. */
    readonly topic: string
    readonly consumerGroup: string | undefined
    /** What opened it. */
    readonly error: unknown
  }
  /** The backend removed events, at most so many, before every group had handled them: more than it may keep. */
  lost: { readonly topic: string; readonly events: number }
  /** Something went wrong for which there is no caller to tell. Without a listener it is logged. */
  error: {
    readonly error: unknown
    readonly operation: string
    readonly topic?: string
    readonly consumerGroup?: string | undefined
  }
}

export type HookName = keyof HookMap
export type HookListener<Name extends HookName> = (details: HookMap[Name]) => void

type Listeners = { readonly [Name in HookName]: Set<HookListener<Name>> }

/** Tells listeners; what nobody listens to and must be known goes to the logger. */
export class Hooks {
  readonly #logger: Logger
  readonly #limit: RateLimit
  readonly #listeners: Listeners = {
    retry: new Set(),
    deadLetter: new Set(),
    failed: new Set(),
    circuit: new Set(),
    lost: new Set(),
    error: new Set(),
  }

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#limit = new RateLimit(clock)
  }

  on<Name extends HookName>(name: Name, listener: HookListener<Name>): () => void {
    this.#listeners[name].add(listener)
    return () => void this.#listeners[name].delete(listener)
  }

  heard(name: HookName): boolean {
    return this.#listeners[name].size > 0
  }

  emit<Name extends HookName>(name: Name, details: HookMap[Name]): void {
    this.#log(name, details)
    for (const listener of this.#listeners[name]) {
      const failed = (error: unknown): void =>
        writeTo(this.#logger, 'error', `a listener of "${name}" failed`, { error: errorText(error) })
      try {
        const returned: unknown = listener(details)
        if (isThenable(returned)) returned.then(undefined, failed)
      } catch (error) {
        failed(error)
      }
    }
  }

  #log<Name extends HookName>(name: Name, details: HookMap[Name]): void {
    if (name === 'error' && this.#listeners.error.size > 0) return
    const line = lines[name]?.(details)
    if (line === undefined) return
    const suppressed = this.#limit.pass(`${line.message} ${details.topic ?? ''}`)
    if (suppressed === undefined) return
    const fields: Record<string, unknown> = { ...details }
    // What of it belongs into a log stands beside it.
    delete fields['metadata']
    if ('error' in details) fields['error'] = errorText(details.error)
    if (suppressed > 0) fields['alsoSuppressed'] = suppressed
    writeTo(this.#logger, line.level, line.message, fields)
  }
}

interface Line {
  readonly level: 'warn' | 'error'
  readonly message: string
}

const lines: { readonly [Name in HookName]?: (details: unknown) => Line | undefined } = {
  deadLetter: () => ({ level: 'warn', message: 'an event was dead-lettered' }),
  failed: () => ({ level: 'error', message: 'an event was given up (no dead letter queue)' }),
  circuit: (details) =>
    (details as HookMap['circuit']).state === 'open'
      ? { level: 'warn', message: 'a subscription pauses, its handler keeps failing' }
      : undefined,
  lost: () => ({ level: 'error', message: 'events were removed before every group had handled them' }),
  error: (details) => ({ level: 'error', message: `${(details as HookMap['error']).operation} failed` }),
}
