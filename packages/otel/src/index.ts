export { otel } from './otel.ts'
export type { InstrumentedBus, OtelOptions } from './otel.ts'
