import { propagation, ROOT_CONTEXT, type Context, type TextMapGetter, type TextMapPropagator } from '@opentelemetry/api'
import type { EventMetadata } from '@bus/core'

type Carrier = Partial<EventMetadata>

/** What carries the context of a trace from process to process: the metadata of an event. */
export class MetadataCarrier {
  readonly #given: TextMapPropagator | undefined

  constructor(propagator: TextMapPropagator | undefined) {
    this.#given = propagator
  }

  /** The context in which the event was published, and nothing of the code that runs at the moment. */
  contextOf(metadata: Carrier): Context {
    return (this.#given ?? propagation).extract(ROOT_CONTEXT, metadata, getter)
  }

  /** A copy of `metadata` with the context in it. */
  withContext(metadata: Carrier, context: Context): Carrier {
    const carrier: Record<string, unknown> = { ...metadata }
    ;(this.#given ?? propagation).inject(context, carrier, setter)
    return carrier
  }
}

const getter: TextMapGetter<Carrier> = {
  get: (metadata, name) => {
    const value = metadata[name]
    return typeof value === 'string' ? value : undefined
  },
  keys: (metadata) => Object.keys(metadata),
}

const setter = {
  set(carrier: Record<string, unknown>, name: string, value: string): void {
    carrier[name] = value
  },
}
