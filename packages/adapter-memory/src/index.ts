export { InMemoryAdapter } from './adapter.ts'
export { adapter } from './definition.ts'
export type { InMemoryAdapterOptions } from './options.ts'
