export { KafkaAdapter } from './adapter.ts'
export { adapter } from './definition.ts'
export type {
  KafkaAdapterOptions,
  KafkaCodec,
  KafkaCompression,
  KafkaLogger,
  KafkaSaslOptions,
  SaslMechanism,
} from './options.ts'
