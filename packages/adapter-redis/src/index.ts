export { RedisAdapter } from './adapter.ts'
export { adapter } from './definition.ts'
export type { RedisAdapterOptions, RedisAddress, RedisRetentionOptions } from './options.ts'
