import type { DefaultSubscriptionOptions } from './consume/options.ts'
import type { AnyEvents, EventDefinitions, PayloadOf, TopicOf, TypeOf } from './events.ts'
import type { BatchEntry } from './publish.ts'
import type { EventBusAdapter } from './spi/adapter.ts'
import type { Clock } from './util/clock.ts'
import type { Logger } from './util/logger.ts'

export interface EventBusOptions<Events = AnyEvents> {
  /** Schemas to check events against; see `defineEvents`. */
  readonly events?: EventDefinitions<Events> | undefined
  readonly defaultSubscriptionOptions?: DefaultSubscriptionOptions | undefined
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger | undefined
  /** Largest payload written as JSON, in bytes; default 900 KiB, what every backend takes with its default settings. */
  readonly maxPayloadBytes?: number | undefined
  /** Whether `close()` closes the adapter as well; default false: whoever made the adapter closes it. */
  readonly ownsAdapter?: boolean | undefined
  /** Time, timers and chance; for simulations. */
  readonly clock?: Clock | undefined
}

/** What `publishBatch` takes for a topic. */
export type BatchEntries<Events, Topic extends TopicOf<Events>> = {
  [Type in TypeOf<Events, Topic>]: BatchEntry<Type, PayloadOf<Events, Topic, Type>>
}[TypeOf<Events, Topic>]

const defaultsProperty: symbol = Symbol.for('@bus/default-subscription-options')

/** Options that travel with an adapter to whichever bus is made of it. Wrappers copy the property, adapters ignore it. */
export function attachDefaults(adapter: EventBusAdapter, options: DefaultSubscriptionOptions): void {
  Object.defineProperty(adapter, defaultsProperty, { value: options, enumerable: true, configurable: true })
}

export function attachedDefaults(adapter: EventBusAdapter): DefaultSubscriptionOptions | undefined {
  return (adapter as unknown as Record<symbol, DefaultSubscriptionOptions | undefined>)[defaultsProperty]
}
