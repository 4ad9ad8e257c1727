export { RedisAdapter } from './adapter.ts'
export { adapter } from './definition.ts'
export { RedisIdempotencyStore } from './idempotency-store.ts'
export type { RedisAdapterOptions, RedisAddress, RedisRetentionOptions } from './options.ts'
