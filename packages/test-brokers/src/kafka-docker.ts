import { type DockerEngine, dockerEngine, type OwnContainer, startContainer } from './docker.ts'
import type { Kafka } from './kafka.ts'
import { type KafkaNodeAddress, type KafkaProperties, kafkaProperties, toEnvironment } from './kafka-properties.ts'
import { removeWhenOrphaned } from './orphans.ts'
import { freePorts } from './ports.ts'

const CLIENT = 9092
const BINDINGS = { client: `0.0.0.0:${CLIENT}`, internal: '0.0.0.0:9094', controller: '0.0.0.0:9093' }

/** Kafka in containers, one per node, on a network of their own. */
export async function kafkaInDocker(count: number, overrides: KafkaProperties): Promise<Kafka> {
  const image = process.env['BUS_TEST_KAFKA_IMAGE'] || 'apache/kafka:4.3.1'
  const engine = await dockerEngine()
  // A broker advertises its address before the engine could tell which port it mapped, so we choose the ports.
  const ports = await freePorts(count)
  const nodes = ports.map((port, index) => {
    const name = `kafka-${index + 1}`
    return {
      id: index + 1,
      client: `${engine.host}:${port}`,
      internal: `${name}:9094`,
      controller: `${name}:9093`,
      further: {},
    }
  })
  const network = await new engine.testcontainers.Network().start()
  const forget = removeWhenOrphaned('network', network.getId())
  const outcomes = await Promise.allSettled(
    nodes.map((node, index) => startNode(engine, image, network, node, nodes, ports[index] ?? 0, overrides)),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.stop() : undefined)))
    await network.stop()
    forget()
  }
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const brokers = nodes.map(({ client }) => client)
  return {
    how: 'docker',
    brokers,
    summary: `started ${image} in Docker on ${brokers.join(', ')}`,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

type Network = Awaited<ReturnType<InstanceType<DockerEngine['testcontainers']['Network']>['start']>>

function startNode(
  { testcontainers }: DockerEngine,
  image: string,
  network: Network,
  node: KafkaNodeAddress,
  nodes: readonly KafkaNodeAddress[],
  port: number,
  overrides: KafkaProperties,
): Promise<OwnContainer> {
  const bindings = { ...BINDINGS, logDirectory: '/tmp/kafka-logs' }
  const container = new testcontainers.GenericContainer(image)
    .withNetwork(network)
    .withNetworkAliases(`kafka-${node.id}`)
    .withExposedPorts({ container: CLIENT, host: port })
    .withEnvironment({
      ...toEnvironment(kafkaProperties(node, nodes, bindings, overrides)),
      KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m',
    })
    .withWaitStrategy(testcontainers.Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(120_000)
  return startContainer(image, container)
}
