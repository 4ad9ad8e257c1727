import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownDirectory } from './directory.ts'
import { formatStorage, type KafkaHome, kafkaHome, kafkaServer } from './kafka-home.ts'
import { KAFKA_VERSION } from './kafka-jars.ts'
import {
  type KafkaNodeAddress,
  type KafkaProperties,
  kafkaProperties,
  loopbackAddress,
  toFile,
} from './kafka-properties.ts'
import { onFreePorts } from './ports.ts'
import type { ServerProcess } from './server-process.ts'

const PORTS_PER_NODE = 3

/** One broker of a private cluster; port and data outlive a restart. */
export class KafkaNode {
  readonly id: number
  readonly address: string
  readonly #server: ServerProcess

  constructor({ id, client }: KafkaNodeAddress, server: ServerProcess) {
    this.id = id
    this.address = client
    this.#server = server
  }

  get pid(): number | undefined {
    return this.#server.pid
  }

  get log(): readonly string[] {
    return this.#server.log
  }

  /** A controlled shutdown and a new start; after `kill()` it only starts. */
  restart(): Promise<void> {
    return this.#server.restart()
  }

  /** SIGKILL; `restart()` brings it back. */
  kill(): Promise<void> {
    return this.#server.kill()
  }

  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void {
    this.#server.pause()
  }

  resume(): void {
    this.#server.resume()
  }
}

/** A private Kafka of one or three nodes, each broker and controller. */
export class KafkaProcess {
  readonly how = 'process'
  readonly nodes: readonly KafkaNode[]
  readonly #remove: () => Promise<void>

  private constructor(nodes: readonly KafkaNode[], remove: () => Promise<void>) {
    this.nodes = nodes
    this.#remove = remove
  }

  static async start(count: number, overrides: KafkaProperties = {}): Promise<KafkaProcess> {
    const home = await kafkaHome()
    const directory = await ownDirectory('kafka')
    try {
      const nodes = await onFreePorts(count * PORTS_PER_NODE, (ports) =>
        startNodes(addresses(count, ports), home, directory.path, overrides),
      )
      return new KafkaProcess(nodes, () => directory.remove())
    } catch (error) {
      await directory.remove()
      throw error
    }
  }

  get brokers(): string[] {
    return this.nodes.map(({ address }) => address)
  }

  get summary(): string {
    return `started Kafka ${KAFKA_VERSION} on ${this.brokers.join(', ')}`
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    await this.#remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function addresses(count: number, ports: readonly number[]): KafkaNodeAddress[] {
  return Array.from({ length: count }, (_, index) =>
    loopbackAddress(index + 1, ports.slice(index * PORTS_PER_NODE, (index + 1) * PORTS_PER_NODE)),
  )
}

async function startNodes(
  nodes: readonly KafkaNodeAddress[],
  home: KafkaHome,
  directory: string,
  overrides: KafkaProperties,
): Promise<KafkaNode[]> {
  const servers = await Promise.all(nodes.map((node) => prepareNode(node, nodes, home, directory, overrides)))
  // Together: a majority of controllers must be up before any of them is ready.
  const outcomes = await Promise.allSettled(servers.map((server) => server.start()))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) {
    await Promise.all(servers.map((server) => server.kill()))
    throw failed.reason
  }
  return servers.map((server, index) => new KafkaNode(nodes[index] as KafkaNodeAddress, server))
}

async function prepareNode(
  node: KafkaNodeAddress,
  nodes: readonly KafkaNodeAddress[],
  home: KafkaHome,
  directory: string,
  overrides: KafkaProperties,
): Promise<ServerProcess> {
  // The port makes the directory unique over attempts on other ports.
  const logDirectory = join(directory, node.client.replace(':', '-'))
  const file = `${logDirectory}.properties`
  await writeFile(file, toFile(kafkaProperties(node, nodes, { ...node, logDirectory }, overrides)))
  await formatStorage(home, logDirectory, node.id)
  return kafkaServer(`Kafka node ${node.id}`, home.jars, file, [`-XX:SharedArchiveFile=${home.archive}`])
}
