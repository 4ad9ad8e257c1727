import type { StandardSchema } from './util/standard-schema.ts'

/** On dead letters only: what is known of the failure. */
export interface FailureMetadata {
  /** The error's message. */
  readonly failureReason?: string | undefined
  readonly failureKind?: FailureKind | undefined
  readonly errorName?: string | undefined
  /** At most 8 KiB. */
  readonly errorStack?: string | undefined
  readonly originalTopic?: string | undefined
  /** Absent for a subscription without a group. */
  readonly originalGroup?: string | undefined
  readonly originalPosition?: string | undefined
  /** How often the handler was started. */
  readonly attempts?: number | undefined
  /** ISO 8601. */
  readonly firstFailureAt?: string | undefined
  readonly lastFailureAt?: string | undefined
}

/** Facts about an event. Keys beyond these travel whole, as JSON. */
export interface EventMetadata extends FailureMetadata {
  /** Unique; the same on every delivery, copy and replay of the event. */
  readonly eventId: string
  /** When it was published, ISO 8601 in UTC. */
  readonly timestamp: string
  /** The service that published it. */
  readonly source: string
  /** Shared by all events of one flow; inherited by what a handler publishes. */
  readonly correlationId?: string | undefined
  /** The event whose handler published this one. */
  readonly causationId?: string | undefined
  readonly userId?: string | undefined
  /** W3C trace context, if the publisher gave one. */
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
  readonly [key: string]: unknown
}

/**
 * Why an event was given up: retries used up, the handler said so, it is no event, it does not fit its schema,
 * or it killed its process again and again.
 */
export type FailureKind = 'exhausted' | 'rejected' | 'unreadable' | 'invalid' | 'crashed'

// Without a map of events nothing is known of payloads, and the user's examples read them freely.
// oxlint-disable-next-line typescript/no-explicit-any
export interface BaseEvent<Type extends string = string, Payload = any> {
  readonly type: Type
  readonly payload: Payload
  readonly metadata: EventMetadata
}

/** Topic → type → payload, for a bus that is given no map: every topic, every type, any payload. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyEvents = Record<string, Record<string, any>>

/** What a map of events must look like; interfaces fit as well as type aliases. */
export type EventMap<Events> = { readonly [Topic in keyof Events]: object }

declare const transformed: unique symbol
/** A payload whose schema changes it on the way: published as `Input`, handled as `Output`. */
export interface Transformed<Input, Output> {
  readonly [transformed]: { readonly input: Input; readonly output: Output }
}

type PublishedPayload<Payload> = Payload extends Transformed<infer Input, unknown> ? Input : Payload
type HandledPayload<Payload> = Payload extends Transformed<unknown, infer Output> ? Output : Payload

export type TopicOf<Events> = keyof Events & string
export type TypeOf<Events, Topic extends TopicOf<Events>> = keyof Events[Topic] & string
export type PayloadOf<Events, Topic extends TopicOf<Events>, Type extends TypeOf<Events, Topic>> = PublishedPayload<
  Events[Topic][Type]
>

/** The events of `Topic`, told apart by `type`. */
export type EventOf<Events, Topic extends TopicOf<Events>> =
  Topic extends TopicOf<Events>
    ? { [Type in TypeOf<Events, Topic>]: BaseEvent<Type, HandledPayload<Events[Topic][Type]>> }[TypeOf<Events, Topic>]
    : never

/** The events of `Topic` as they are stored: no schema has made anything of their payloads. */
export type PublishedOf<Events, Topic extends TopicOf<Events>> =
  Topic extends TopicOf<Events>
    ? { [Type in TypeOf<Events, Topic>]: BaseEvent<Type, PublishedPayload<Events[Topic][Type]>> }[TypeOf<Events, Topic>]
    : never

/** `orders.*` as a type. */
type Wildcard<Pattern extends string> = Pattern extends `${infer Before}*${infer After}`
  ? `${Before}${string}${Wildcard<After>}`
  : Pattern

/** The topics of the map that `Pattern` (a topic, `'*'`, a pattern, or a dead letter topic) means. */
export type TopicsMatching<Events, Pattern extends string> =
  Pattern extends TopicOf<Events>
    ? Pattern
    : {
        [Topic in TopicOf<Events>]: Topic extends Wildcard<Pattern>
          ? Topic
          : Pattern extends `${Topic}.${string}.dlq`
            ? Topic
            : never
      }[TopicOf<Events>]

/** `never`, and so a compile error, for what matches no topic of the map. */
export type KnownPattern<Events, Pattern extends string> = [TopicsMatching<Events, Pattern>] extends [never]
  ? never
  : Pattern

export type EventMatching<Events, Pattern extends string> =
  Pattern extends TopicOf<Events>
    ? EventOf<Events, Pattern>
    : Pattern extends `${string}.dlq`
      ? PublishedOf<Events, TopicsMatching<Events, Pattern>>
      : EventOf<Events, TopicsMatching<Events, Pattern>>

/** Topic → type → schema; any validator that follows Standard Schema (zod, valibot, arktype, ...). */
export type EventSchemas = Readonly<Record<string, Readonly<Record<string, StandardSchema>>>>

/** `undefined`: no such event is described. Names such as `constructor` mean nothing here. */
export function schemaOf(schemas: EventSchemas, topic: string, type: string): StandardSchema | undefined {
  const types = Object.hasOwn(schemas, topic) ? schemas[topic] : undefined
  return types !== undefined && Object.hasOwn(types, type) ? types[type] : undefined
}

/** The map of events that schemas describe. */
export type EventsOf<Schemas extends EventSchemas> = {
  [Topic in keyof Schemas]: {
    [Type in keyof Schemas[Topic]]: Schemas[Topic][Type] extends StandardSchema<infer Input, infer Output>
      ? [Input, Output] extends [Output, Input]
        ? Output
        : Transformed<Input, Output>
      : never
  }
}

/** Schemas that a bus checks events against, at publish and at delivery. */
export interface EventDefinitions<Events> {
  readonly schemas: EventSchemas
  /** Never set: carries the type only. */
  readonly events?: Events
}

/**
 * Describes the events of a bus by schemas. What is published is checked and stored as given; what is delivered is
 * checked again and handed over as the schema's output.
 */
export function defineEvents<const Schemas extends EventSchemas>(
  schemas: Schemas,
): EventDefinitions<EventsOf<Schemas>> {
  return { schemas }
}
