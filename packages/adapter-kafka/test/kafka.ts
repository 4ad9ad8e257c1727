import type { Subject } from '@bus/core/conformance'
import { type Kafka, startKafka } from '@bus/test-brokers'
import { KafkaAdapter, type KafkaAdapterOptions } from '../src/index.ts'

let started: Promise<Kafka> | undefined

/** One broker for all tests of a file. */
export function kafka(): Promise<Kafka> {
  return (started ??= startKafka())
}

export const sessionTimeoutMs = 6_000

export function subject(name: string, create: Subject['create']): Subject {
  return {
    name,
    facts: { durable: true, shared: true, delays: true, countsRedeliveries: 'oldest', forwards: false, remote: true },
    leaseMs: sessionTimeoutMs,
    create,
  }
}

const open = new Set<KafkaAdapter>()

/** Quick to notice what happens, as a test wants it. */
export const quickly: Omit<KafkaAdapterOptions, 'brokers'> = {
  clientId: 'bus-test',
  partitions: 4,
  sessionTimeoutMs,
  heartbeatIntervalMs: 100,
  drainTimeoutMs: 10_000,
}

export function adapterAt(brokers: readonly string[], options: Partial<KafkaAdapterOptions> = {}): KafkaAdapter {
  const adapter = new KafkaAdapter({ brokers, ...quickly, ...options })
  open.add(adapter)
  return adapter
}

export async function startedAdapter(options: Partial<KafkaAdapterOptions> = {}): Promise<KafkaAdapter> {
  const adapter = adapterAt((await kafka()).brokers, options)
  await adapter.initialize()
  return adapter
}

/** For `afterEach`. */
export async function closeAdapters(): Promise<void> {
  const all = [...open]
  open.clear()
  await Promise.all(all.map((adapter) => adapter.close()))
}
