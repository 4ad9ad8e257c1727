import type { NewTopic } from '../driver/driver.ts'

/** What creates the topics, with Kafka's own tool. */
export function commandsFor(topics: readonly NewTopic[], brokers: readonly string[]): readonly string[] {
  return topics.map(({ name, partitions, replicas, config }) =>
    [
      `kafka-topics.sh --bootstrap-server ${brokers.join(',')} --create --topic ${name}`,
      partitions < 0 ? '' : `--partitions ${partitions}`,
      replicas < 0 ? '' : `--replication-factor ${replicas}`,
      ...Object.entries(config).map(([key, value]) => `--config ${key}=${value}`),
    ]
      .filter((part) => part !== '')
      .join(' '),
  )
}
