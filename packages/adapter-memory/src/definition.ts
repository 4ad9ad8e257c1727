import { readEnv, type AdapterDefinition } from '@bus/core/spi'
import { InMemoryAdapter } from './adapter.ts'
import type { InMemoryAdapterOptions } from './options.ts'

declare module '@bus/core/spi' {
  interface AdapterOptionsMap {
    memory: InMemoryAdapterOptions
  }
}

export const adapter: AdapterDefinition<'memory', InMemoryAdapterOptions> = {
  specVersion: 1,
  name: 'memory',
  optionsFromEnv: (env) =>
    readEnv(env, (reader) => ({
      maxHistorySize: reader.integer('EVENT_BUS_MEMORY_MAX_HISTORY'),
      persistToDisk: reader.boolean('EVENT_BUS_MEMORY_PERSIST'),
      directory: reader.string('EVENT_BUS_MEMORY_DIRECTORY'),
      fsync: reader.oneOf('EVENT_BUS_MEMORY_FSYNC', ['always', 'interval']),
      fsyncIntervalMs: reader.integer('EVENT_BUS_MEMORY_FSYNC_INTERVAL_MS', { min: 1, max: 2 ** 31 - 1 }),
    })),
  create: (options) => new InMemoryAdapter(options),
}
