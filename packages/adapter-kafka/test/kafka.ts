import { type Kafka, startKafka } from '@bus/test-brokers'
import { KafkaAdapter, type KafkaAdapterOptions } from '../src/index.ts'

let started: Promise<Kafka> | undefined

/** One broker for all tests of a file, stopped with the process. */
export function kafka(): Promise<Kafka> {
  return (started ??= startKafka())
}

export const sessionTimeoutMs = 6_000

/** Quick to notice what happens, as a test wants it. */
export function adapterAt(brokers: readonly string[], options: Partial<KafkaAdapterOptions> = {}): KafkaAdapter {
  return new KafkaAdapter({
    brokers,
    clientId: 'bus-test',
    partitions: 4,
    sessionTimeoutMs,
    heartbeatIntervalMs: 100,
    drainTimeoutMs: 10_000,
    ...options,
  })
}
