import { kafkaInDocker } from './kafka-docker.ts'
import { KafkaProcess } from './kafka-process.ts'
import type { KafkaProperties } from './kafka-properties.ts'
import { findBroker, type How } from './search.ts'

export interface Kafka extends AsyncDisposable {
  readonly how: How
  /** `host:port` of each broker. */
  readonly brokers: string[]
  /** The line that says where it came from. */
  readonly summary: string
  /** Removes it; does nothing to a Kafka that was given by address. */
  stop(): Promise<void>
}

export interface KafkaOptions {
  /** Default 1. Three, like `properties`, ask for a private cluster, whatever address the environment names. */
  readonly brokers?: 1 | 3
  /** Settings of each broker, over those for quick tests. */
  readonly properties?: KafkaProperties
  /** Of Apache Kafka, such as `3.9.2`. Asks for private processes. Default: see the README. */
  readonly version?: string
  /** Private processes that can be killed, frozen and restarted one by one. */
  readonly how?: 'process'
}

export function startKafka(options: KafkaOptions & { readonly how: 'process' }): Promise<KafkaProcess>
export function startKafka(options?: KafkaOptions): Promise<Kafka>
export function startKafka({ brokers = 1, properties, version, how }: KafkaOptions = {}): Promise<Kafka> {
  const list = process.env['BUS_TEST_KAFKA_BROKERS'] || undefined
  return findBroker<Kafka>({
    name: 'kafka',
    address: list && brokers === 1 && !properties && version === undefined ? () => kafkaAt(list) : undefined,
    docker: () => kafkaInDocker(brokers, properties ?? {}),
    process: () => KafkaProcess.start(brokers, { properties, version }),
    forced: version === undefined ? how : 'process',
    advice: 'Set BUS_TEST_KAFKA_BROKERS, start Docker, or install Java 17 or later and Maven.',
  })
}

function kafkaAt(list: string): Kafka {
  const stop = async (): Promise<void> => {}
  return {
    how: 'address',
    brokers: list.split(',').map((broker) => broker.trim()),
    summary: `using ${list} from BUS_TEST_KAFKA_BROKERS`,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
