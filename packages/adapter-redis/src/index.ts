export { RedisAdapter } from './adapter.ts'
export { adapter } from './definition.ts'
export type { RedisAdapterOptions, RedisRetentionOptions, RedisSentinelAddress } from './options.ts'
