import {
  createNoopMeter,
  metrics,
  type MeterProvider,
  ProxyTracerProvider,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { type Instruments, instruments } from './instruments.ts'

const scope = '@bus/otel'
// What the API hands out as long as nobody has registered anything.
const idleTracers = new ProxyTracerProvider().getDelegate()
const idleMeter = createNoopMeter()

/** Tracer and instruments of whatever SDK is registered at the moment, given ones aside: it may come later than the bus. */
export class Telemetry {
  readonly #tracers: TracerProvider | undefined
  readonly #meters: MeterProvider | undefined
  /** Called when there are instruments, and each time they are others. */
  readonly #metered: (made: Instruments) => void
  #tracersNow: TracerProvider | undefined
  #tracer: Tracer | undefined
  #metersNow: MeterProvider | undefined
  #instruments: Instruments | undefined

  constructor(
    tracers: TracerProvider | undefined,
    meters: MeterProvider | undefined,
    metered: (made: Instruments) => void,
  ) {
    this.#tracers = tracers
    this.#meters = meters
    this.#metered = metered
  }

  /** `undefined`: nobody traces. */
  get tracer(): Tracer | undefined {
    const tracers = this.#tracers ?? registeredTracers()
    if (tracers !== this.#tracersNow) {
      this.#tracersNow = tracers
      this.#tracer = tracers === idleTracers ? undefined : tracers.getTracer(scope)
    }
    return this.#tracer
  }

  /** `undefined`: nobody measures. */
  get instruments(): Instruments | undefined {
    const meters = this.#meters ?? metrics.getMeterProvider()
    if (meters !== this.#metersNow) {
      this.#metersNow = meters
      const meter = meters.getMeter(scope)
      this.#instruments = meter === idleMeter ? undefined : instruments(meter)
      if (this.#instruments !== undefined) this.#metered(this.#instruments)
    }
    return this.#instruments
  }

  get active(): boolean {
    return this.tracer !== undefined || this.instruments !== undefined
  }
}

function registeredTracers(): TracerProvider {
  const tracers = trace.getTracerProvider()
  return tracers instanceof ProxyTracerProvider ? tracers.getDelegate() : tracers
}
