import type { AdapterDefinition } from '@bus/core/spi'
import { KafkaAdapter } from './adapter.ts'
import { optionsFromEnv } from './env.ts'
import type { KafkaAdapterOptions } from './options.ts'

declare module '@bus/core/spi' {
  interface AdapterOptionsMap {
    kafka: KafkaAdapterOptions
  }
}

/** For the registry of `@bus/core`: found by the name `kafka`. */
export const adapter: AdapterDefinition<'kafka', KafkaAdapterOptions> = {
  specVersion: 1,
  name: 'kafka',
  optionsFromEnv,
  create: (options) => new KafkaAdapter(options),
}
