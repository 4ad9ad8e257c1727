import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownDirectory } from './directory.ts'
import {
  formatStorage,
  formatWithUsers,
  type KafkaHome,
  kafkaHome,
  kafkaServer,
  type KafkaUsers,
} from './kafka-home.ts'
import { kafkaVersion } from './kafka-jars.ts'
import {
  type KafkaNodeAddress,
  type KafkaProperties,
  kafkaProperties,
  loopbackAddress,
  type SecuredListener,
  toFile,
} from './kafka-properties.ts'
import { onFreePorts } from './ports.ts'
import type { ServerProcess } from './server-process.ts'

const PORTS_PER_NODE = 3

export interface KafkaProcessOptions {
  readonly version?: string | undefined
  readonly properties?: KafkaProperties | undefined
  readonly listeners?: readonly SecuredListener[] | undefined
  /** Users that are there from the first start, for SCRAM. */
  readonly users?: KafkaUsers | undefined
}

/** One broker of a private cluster; port and data outlive a restart. */
export class KafkaNode {
  readonly id: number
  readonly address: string
  /** Where its further listeners are. */
  readonly listeners: KafkaNodeAddress['further']
  readonly #server: ServerProcess

  constructor({ id, client, further }: KafkaNodeAddress, server: ServerProcess) {
    this.id = id
    this.address = client
    this.listeners = further
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
  readonly version: string
  readonly #remove: () => Promise<void>

  private constructor(nodes: readonly KafkaNode[], version: string, remove: () => Promise<void>) {
    this.nodes = nodes
    this.version = version
    this.#remove = remove
  }

  static async start(count: number, options: KafkaProcessOptions = {}): Promise<KafkaProcess> {
    const { version = kafkaVersion(), listeners = [] } = options
    const home = await kafkaHome(version)
    const directory = await ownDirectory('kafka')
    try {
      const nodes = await onFreePorts(count * (PORTS_PER_NODE + listeners.length), (ports) =>
        startNodes(addresses(count, ports, listeners), home, directory.path, options),
      )
      return new KafkaProcess(nodes, version, () => directory.remove())
    } catch (error) {
      await directory.remove()
      throw error
    }
  }

  get brokers(): string[] {
    return this.nodes.map(({ address }) => address)
  }

  get summary(): string {
    return `started Kafka ${this.version} on ${this.brokers.join(', ')}`
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    await this.#remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function addresses(count: number, ports: readonly number[], listeners: readonly SecuredListener[]): KafkaNodeAddress[] {
  const each = PORTS_PER_NODE + listeners.length
  return Array.from({ length: count }, (_, index) =>
    loopbackAddress(index + 1, ports.slice(index * each, (index + 1) * each), listeners),
  )
}

async function startNodes(
  nodes: readonly KafkaNodeAddress[],
  home: KafkaHome,
  directory: string,
  options: KafkaProcessOptions,
): Promise<KafkaNode[]> {
  const servers = await Promise.all(nodes.map((node) => prepareNode(node, nodes, home, directory, options)))
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
  { properties = {}, users }: KafkaProcessOptions,
): Promise<ServerProcess> {
  // The port makes the directory unique over attempts on other ports.
  const logDirectory = join(directory, node.client.replace(':', '-'))
  const file = `${logDirectory}.properties`
  await writeFile(file, toFile(kafkaProperties(node, nodes, { ...node, logDirectory }, properties)))
  if (users === undefined) await formatStorage(home, logDirectory, node.id)
  else await formatWithUsers(home, file, users)
  return kafkaServer(`Kafka node ${node.id}`, home.jars, file, [`-XX:SharedArchiveFile=${home.archive}`])
}
