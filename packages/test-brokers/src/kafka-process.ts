import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownDirectory } from './directory.ts'
import { KAFKA_VERSION, kafkaJars } from './kafka-jars.ts'
import { type KafkaNodeAddress, type KafkaProperties, kafkaProperties, toFile } from './kafka-properties.ts'
import { onFreePorts } from './ports.ts'
import { NotPossibleError } from './search.ts'
import { ServerProcess } from './server-process.ts'

const PORTS_PER_NODE = 3
const CLUSTER_ID = 'YnVzLXRlc3QtYnJva2Vycw'
const run = promisify(execFile)

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
    await requireJava()
    const jars = await kafkaJars()
    const directory = await ownDirectory('kafka')
    try {
      const nodes = await onFreePorts(count * PORTS_PER_NODE, (ports) =>
        startNodes(addresses(count, ports), jars, directory.path, overrides),
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
  return Array.from({ length: count }, (_, index) => {
    const [client, internal, controller] = ports
      .slice(index * PORTS_PER_NODE, (index + 1) * PORTS_PER_NODE)
      .map((port) => `127.0.0.1:${port}`)
    return { id: index + 1, client: client ?? '', internal: internal ?? '', controller: controller ?? '' }
  })
}

async function startNodes(
  nodes: readonly KafkaNodeAddress[],
  jars: string,
  directory: string,
  overrides: KafkaProperties,
): Promise<KafkaNode[]> {
  const servers = await Promise.all(nodes.map((node) => prepareNode(node, nodes, jars, directory, overrides)))
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
  jars: string,
  directory: string,
  overrides: KafkaProperties,
): Promise<ServerProcess> {
  // The port makes the directory unique over attempts on other ports.
  const home = join(directory, node.client.replace(':', '-'))
  const file = `${home}.properties`
  const bindings = { ...node, logDirectory: home }
  await writeFile(file, toFile(kafkaProperties(node, nodes, bindings, overrides)))
  const java = ['-cp', join(jars, '*'), '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
  await run('java', [...java, '-Xshare:auto', 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file])
  const logging = [`-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info`]
  return new ServerProcess({
    name: `Kafka node ${node.id}`,
    command: 'java',
    args: ['-Xms256m', '-Xmx512m', ...java, ...logging, 'kafka.Kafka', file],
    cwd: directory,
    ready: /Kafka Server started/,
    startTimeoutMs: 90_000,
  })
}

async function requireJava(): Promise<void> {
  const { stderr } = await run('java', ['-version']).catch(() => {
    throw new NotPossibleError('no java on the PATH')
  })
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  if (major < 17) throw new NotPossibleError(`Kafka needs Java 17 or later, found ${major}`)
}
