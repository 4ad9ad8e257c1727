import type { AdapterDefinition } from '@bus/core/spi'
import { RedisAdapter } from './adapter.ts'
import { optionsFromEnv } from './env.ts'
import type { RedisAdapterOptions } from './options.ts'

/** How the bus finds this adapter by the name `redis`. */
export const adapter: AdapterDefinition<'redis', RedisAdapterOptions> = {
  specVersion: 1,
  name: 'redis',
  optionsFromEnv,
  create: (options) => new RedisAdapter(options),
}
