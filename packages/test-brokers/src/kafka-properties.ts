export type KafkaProperties = Readonly<Record<string, string>>

export interface KafkaNodeAddress {
  readonly id: number
  /** How clients reach it; what it advertises. */
  readonly client: string
  /** How the other nodes reach it. */
  readonly internal: string
  readonly controller: string
  /** Listeners beside these, by the name of the protocol, which is theirs too. */
  readonly further: Readonly<Partial<Record<SecuredListener, string>>>
}

/** With a client's certificate; with a user, over TLS and without it. */
export type SecuredListener = 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'

/** A node on this machine, from its ports: three, and one for each further listener. */
export function loopbackAddress(
  id: number,
  ports: readonly number[],
  further: readonly SecuredListener[] = [],
): KafkaNodeAddress {
  const [client = '', internal = '', controller = '', ...others] = ports.map((port) => `127.0.0.1:${port}`)
  return {
    id,
    client,
    internal,
    controller,
    further: Object.fromEntries(further.map((name, index) => [name, others[index] ?? ''])),
  }
}

export interface KafkaBindings {
  readonly client: string
  readonly internal: string
  readonly controller: string
  readonly logDirectory: string
}

/** The settings of one node that is broker and controller; tuned for a quick start, not for throughput. */
export function kafkaProperties(
  node: KafkaNodeAddress,
  nodes: readonly KafkaNodeAddress[],
  bindings: KafkaBindings,
  overrides: KafkaProperties,
): KafkaProperties {
  const replicas = String(nodes.length)
  const inSync = String(nodes.length > 1 ? 2 : 1)
  const further = Object.entries(node.further).map(([name, address]) => `,${name}://${address}`)
  const protocols = Object.keys(node.further).map((name) => `,${name}:${name}`)
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': nodes.map(({ id, controller }) => `${id}@${controller}`).join(','),
    listeners: `CLIENT://${bindings.client},INTERNAL://${bindings.internal},CONTROLLER://${bindings.controller}${further.join('')}`,
    'advertised.listeners': `CLIENT://${node.client},INTERNAL://${node.internal}${further.join('')}`,
    'listener.security.protocol.map': `CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols.join('')}`,
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': bindings.logDirectory,
    'num.partitions': '3',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may come back only when its old session has ended.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    ...overrides,
  }
}

/** The image's convention: `a.b-c_d` is `KAFKA_A_B___C__D`. */
export function toEnvironment(properties: KafkaProperties): Record<string, string> {
  const name = (key: string): string =>
    `KAFKA_${key.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [name(key), value]))
}

export function toFile(properties: KafkaProperties): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
