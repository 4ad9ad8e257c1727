import type { Attributes, MeterProvider, TextMapPropagator, TracerProvider } from '@opentelemetry/api'
import type { EventBus, PlacedMiddleware, SwitchedPublishMiddleware } from '@bus/core'
import { attribute } from './attributes.ts'
import { MetadataCarrier } from './carrier.ts'
import { gauges } from './gauges.ts'
import { handling } from './handling.ts'
import { outcomes } from './outcomes.ts'
import { publishing } from './publishing.ts'
import { Telemetry } from './telemetry.ts'

/** Default for each: what is registered with `@opentelemetry/api`, whenever that happens. */
export interface OtelOptions {
  readonly tracerProvider?: TracerProvider | undefined
  readonly meterProvider?: MeterProvider | undefined
  /** Writes the context of a trace into the metadata of events, and reads it from there. */
  readonly propagator?: TextMapPropagator | undefined
  /** Of every span and every measurement, such as `server.address`; default none. */
  readonly attributes?: Attributes | undefined
}

/** An `EventBus`, whatever its events. */
export interface InstrumentedBus extends Pick<EventBus, 'adapterName' | 'getStats' | 'on'> {
  use(middleware: PlacedMiddleware): unknown
  usePublish(middleware: SwitchedPublishMiddleware): unknown
}

/**
 * Traces and measures what `bus` does from now on, by the semantic conventions for messaging. As long as no SDK is
 * registered it does nothing, and costs nothing. Call it once for a bus, before other middleware is added: then their
 * work is inside of the spans. Returns a function that ends it.
 */
export function otel(bus: InstrumentedBus, options: OtelOptions = {}): () => void {
  const { tracerProvider, meterProvider, propagator, attributes } = options
  const common: Attributes = { ...attributes, [attribute.system]: bus.adapterName }
  const carrier = new MetadataCarrier(propagator)
  let over = false
  let endGauges = (): void => {}
  const telemetry = new Telemetry(tracerProvider, meterProvider, (instruments) => {
    endGauges()
    endGauges = gauges(bus, instruments, common)
  })
  const when = (): boolean => !over && telemetry.active
  bus.usePublish({ publish: publishing(telemetry, carrier, common), when })
  bus.use({ place: 'trace', handle: handling(telemetry, carrier, common), when })
  const endOutcomes = outcomes(bus, telemetry, carrier, common)
  // What is registered already is observed before anything happens.
  when()
  return () => {
    over = true
    endOutcomes()
    endGauges()
  }
}
