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
    })),
  create: (options) => new InMemoryAdapter(options),
}
