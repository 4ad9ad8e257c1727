import type { EventBusErrorCode } from './util/error-code.ts'

export type { EventBusErrorCode } from './util/error-code.ts'

const brand: symbol = Symbol.for('@bus/error')

/** Every error that this library makes. `cause` holds what the backend's client reported. */
export class EventBusError extends Error {
  override readonly name: string = 'EventBusError'
  readonly code: EventBusErrorCode

  constructor(code: EventBusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }

  /** Works across copies and versions of this package, where `instanceof` does not. */
  static is(value: unknown): value is EventBusError {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** One thing that is wrong with the configuration. Never holds a secret. */
export interface ConfigIssue {
  /** The environment variable or the option, e.g. `STORE_PORT` or `store.port`. */
  readonly name: string
  /** What was found and what was expected. */
  readonly problem: string
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigInvalidError extends EventBusError {
  override readonly name: string = 'ConfigInvalidError'
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    const lines = issues.map(({ name, problem }) => `  ${name}: ${problem}`)
    super('BUS_CONFIG_INVALID', `The configuration of the event bus is invalid:\n${lines.join('\n')}`, options)
    this.issues = issues
  }
}

export class AdapterUnknownError extends EventBusError {
  override readonly name: string = 'AdapterUnknownError'
  readonly adapter: string
  readonly known: readonly string[]

  constructor(adapter: string, known: readonly string[]) {
    super(
      'BUS_ADAPTER_UNKNOWN',
      `There is no adapter named "${adapter}" (known: ${known.join(', ') || 'none'}). ` +
        `Check EVENT_BUS_ADAPTER, or hand the adapter over: createEventBus({ adapters: [...] }).`,
    )
    this.adapter = adapter
    this.known = known
  }
}

export class AdapterNotInstalledError extends EventBusError {
  override readonly name: string = 'AdapterNotInstalledError'
  readonly adapter: string
  readonly packageName: string

  constructor(adapter: string, packageName: string, options?: ErrorOptions) {
    super(
      'BUS_ADAPTER_NOT_INSTALLED',
      `The adapter "${adapter}" needs the package "${packageName}", which is not installed. ` +
        `Install it beside your application: pnpm add ${packageName}`,
      options,
    )
    this.adapter = adapter
    this.packageName = packageName
  }
}

export class AdapterIncompatibleError extends EventBusError {
  override readonly name: string = 'AdapterIncompatibleError'
  readonly adapter: string
  readonly found: unknown
  readonly expected: number

  constructor(adapter: string, found: unknown, expected: number) {
    const newer = typeof found === 'number' && found > expected
    super(
      'BUS_ADAPTER_INCOMPATIBLE',
      `The adapter "${adapter}" was written for version ${String(found)} of the adapter interface, this @bus/core speaks ` +
        `version ${expected}. ${newer ? 'Upgrade @bus/core.' : `Upgrade the adapter "${adapter}".`}`,
    )
    this.adapter = adapter
    this.found = found
    this.expected = expected
  }
}

/** The backend did not answer, or refused: at start, or for an operation other than publishing. */
export class BackendUnavailableError extends EventBusError {
  override readonly name: string = 'BackendUnavailableError'

  constructor(message: string, options?: ErrorOptions) {
    super('BUS_BACKEND_UNAVAILABLE', message, options)
  }
}

/** The event does not fit its schema, or cannot be written as JSON. */
export class EventInvalidError extends EventBusError {
  override readonly name: string = 'EventInvalidError'
  readonly topic: string
  readonly type: string
  /** One line per problem, `path: message`. */
  readonly issues: readonly string[]

  constructor(topic: string, type: string, issues: readonly string[], options?: ErrorOptions) {
    super('BUS_EVENT_INVALID', `The event "${type}" for topic "${topic}" is invalid: ${issues.join('; ')}`, options)
    this.topic = topic
    this.type = type
    this.issues = issues
  }
}

export class TopicInvalidError extends EventBusError {
  override readonly name: string = 'TopicInvalidError'

  constructor(message: string) {
    super('BUS_TOPIC_INVALID', message)
  }
}

/** The backend cannot hold both names side by side (`a.b` beside `a_b`). */
export class TopicCollisionError extends EventBusError {
  override readonly name: string = 'TopicCollisionError'

  constructor(topic: string, options?: ErrorOptions) {
    super(
      'BUS_TOPIC_COLLISION',
      `The topic "${topic}" cannot be created: the backend already has a topic whose name differs only in "." and "_". Rename one of them.`,
      options,
    )
  }
}

export class TopicMissingError extends EventBusError {
  override readonly name: string = 'TopicMissingError'

  readonly topics: readonly string[]

  /** `remedy`: how to create them on this backend. */
  constructor(topics: readonly string[], { remedy, ...options }: ErrorOptions & { readonly remedy?: string } = {}) {
    const names = topics.map((topic) => `"${topic}"`).join(', ')
    const advice = 'Create them, or allow the adapter to create topics.'
    const message = `These topics do not exist and may not be created: ${names}. ${advice}`
    super('BUS_TOPIC_MISSING', remedy === undefined ? message : `${message}\n${remedy}`, options)
    this.topics = topics
  }
}

/** What is known of an event whose `publish()` was rejected. */
export type Stored = 'no' | 'unknown'

/** One message of a batch that was not, or perhaps not, stored. */
export interface PublishFailure {
  /** Its place in the batch that was handed to `publish`. */
  readonly index: number
  readonly stored: Stored
  readonly cause: unknown
}

/**
 * A rejected `publish()`. With `stored: 'no'` the backend does not have the event; with `'unknown'` it may.
 * Publishing again with the same `metadata.eventId` keeps the event's identity in both cases.
 */
export class PublishError extends EventBusError {
  override readonly name: string = 'PublishError'
  readonly stored: Stored
  /** For a batch: the messages concerned, the others are stored. */
  readonly failures: readonly PublishFailure[]

  constructor(topic: string, failures: readonly PublishFailure[], options?: ErrorOptions) {
    const stored = failures.some((failure) => failure.stored === 'unknown') ? 'unknown' : 'no'
    const first = failures[0]?.cause
    const reason = first instanceof Error ? first.message : String(first)
    super(
      stored === 'no' ? 'BUS_PUBLISH_FAILED' : 'BUS_PUBLISH_UNCERTAIN',
      stored === 'no'
        ? `Publishing to "${topic}" failed, nothing was stored: ${reason}`
        : `Publishing to "${topic}" got no answer, the event may or may not be stored: ${reason} ` +
            'Publish again with the same metadata.eventId.',
      { cause: first, ...options },
    )
    this.stored = stored
    this.failures = failures
  }
}

/** Too much is waiting already; nothing of this call was stored. */
export class PublishBacklogError extends EventBusError {
  override readonly name: string = 'PublishBacklogError'
  readonly stored: Stored = 'no'

  constructor(message: string) {
    super('BUS_PUBLISH_BACKLOG', message)
  }
}

export class PayloadTooLargeError extends EventBusError {
  override readonly name: string = 'PayloadTooLargeError'
  readonly stored: Stored = 'no'
  readonly bytes: number
  readonly limit: number

  constructor(topic: string, bytes: number, limit: number) {
    super(
      'BUS_PAYLOAD_TOO_LARGE',
      `An event for topic "${topic}" has ${bytes} bytes, the limit is ${limit}. ` +
        'Store large content elsewhere and publish a reference to it.',
    )
    this.bytes = bytes
    this.limit = limit
  }
}

/** The stored bytes are not an event: no JSON, or an envelope that contradicts itself. */
export class MessageUnreadableError extends EventBusError {
  override readonly name: string = 'MessageUnreadableError'
  readonly topic: string
  readonly position: string

  constructor(topic: string, position: string, problem: string, options?: ErrorOptions) {
    super(
      'BUS_MESSAGE_UNREADABLE',
      `The message at ${position} of topic "${topic}" is not an event: ${problem}`,
      options,
    )
    this.topic = topic
    this.position = position
  }
}

export class ClosedError extends EventBusError {
  override readonly name: string = 'ClosedError'
  readonly stored: Stored = 'no'

  /** @param consequence What did not happen because of it. */
  constructor(what: string, consequence?: string) {
    super('BUS_CLOSED', consequence === undefined ? `${what} is closed.` : `${what} is closed: ${consequence}.`)
  }
}

export class TimeoutError extends EventBusError {
  override readonly name: string = 'TimeoutError'
  readonly afterMs: number

  constructor(what: string, afterMs: number, options?: ErrorOptions) {
    super('BUS_TIMEOUT', `${what} did not finish within ${afterMs} ms.`, options)
    this.afterMs = afterMs
  }
}

export class CapabilityMissingError extends EventBusError {
  override readonly name: string = 'CapabilityMissingError'

  constructor(adapter: string, capability: string) {
    super('BUS_CAPABILITY_MISSING', `The adapter "${adapter}" cannot ${capability}.`)
  }
}

/** The loan was taken over by another member, or its consumer is closed: what it did can no longer be recorded. */
export class LoanLostError extends EventBusError {
  override readonly name: string = 'LoanLostError'

  constructor(topic: string, position: string) {
    super('BUS_LOAN_LOST', `The message at ${position} of topic "${topic}" is no longer on loan to this process.`)
  }
}

/** A group with members is not deleted under them. */
export class GroupInUseError extends EventBusError {
  override readonly name: string = 'GroupInUseError'

  constructor(topic: string, group: string, options?: ErrorOptions) {
    super(
      'BUS_GROUP_IN_USE',
      `The consumer group "${group}" on "${topic}" cannot be deleted while it has members: end its subscriptions first. ` +
        'One whose process died is a member until its lease or session ends.',
      options,
    )
  }
}

export class SubscriptionUnknownError extends EventBusError {
  override readonly name: string = 'SubscriptionUnknownError'

  constructor(id: string) {
    super('BUS_SUBSCRIPTION_UNKNOWN', `There is no subscription with the id "${id}" on this bus.`)
  }
}
