import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'
import { kafkaJars } from './kafka-jars.ts'
import { kafkaProperties, loopbackAddress, toFile } from './kafka-properties.ts'
import { onFreePorts } from './ports.ts'
import { NotPossibleError } from './search.ts'
import { ServerProcess } from './server-process.ts'

const CLUSTER_ID = 'YnVzLXRlc3QtYnJva2Vycw'
const run = promisify(execFile)

export const java = 'java'

/** Passwords by name. */
export type KafkaUsers = Readonly<Record<string, string>>

/** What every local Kafka starts from. */
export interface KafkaHome {
  readonly jars: string
  /** Java's archive of the classes a start loads: it halves the time and the CPU of a start. */
  readonly archive: string
  /** What `kafka-storage format` would write. */
  readonly checkpoint: string
}

export async function kafkaHome(version: string): Promise<KafkaHome> {
  const build = await javaVersion()
  const jars = await kafkaJars(version)
  // The archive fits one build of Java only.
  const warm = await cached(`kafka-${version}-java-${build}`, (directory) => warmUp(jars, directory))
  return { jars, archive: join(warm, 'classes.jsa'), checkpoint: join(warm, 'bootstrap.checkpoint') }
}

/** A directory a node can start on, without the second that the storage tool's own JVM takes. */
export async function formatStorage(home: KafkaHome, directory: string, nodeId: number): Promise<void> {
  await mkdir(directory, { recursive: true })
  await copyFile(home.checkpoint, join(directory, 'bootstrap.checkpoint'))
  await writeFile(join(directory, 'meta.properties'), `version=1\ncluster.id=${CLUSTER_ID}\nnode.id=${nodeId}\n`)
}

/** The same by the storage tool itself, which alone can write down users before the first start. */
export async function formatWithUsers(home: KafkaHome, file: string, users: KafkaUsers): Promise<void> {
  const scram = Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )
  const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file, ...scram]
  await run('java', [...classpath(home.jars), ...format])
}

export function kafkaServer(name: string, jars: string, file: string, flags: readonly string[]): ServerProcess {
  return new ServerProcess({
    name,
    command: 'java',
    args: ['-Xms256m', '-Xmx512m', ...flags, ...classpath(jars), 'kafka.Kafka', file],
    ready: /Kafka Server started/,
    startTimeoutMs: 90_000,
  })
}

/** One start and one shutdown, to record what later starts need. */
async function warmUp(jars: string, directory: string): Promise<void> {
  const data = join(directory, 'data')
  const file = join(directory, 'server.properties')
  await onFreePorts(3, async (ports) => {
    await rm(data, { recursive: true, force: true })
    const node = loopbackAddress(1, ports)
    await writeFile(file, toFile(kafkaProperties(node, [node], { ...node, logDirectory: data }, {})))
    await run('java', [...classpath(jars), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file])
    const flags = [`-XX:ArchiveClassesAtExit=${join(directory, 'classes.jsa')}`]
    const server = kafkaServer('Kafka', jars, file, flags)
    await server.start()
    await server.terminate()
  })
  await copyFile(join(data, 'bootstrap.checkpoint'), join(directory, 'bootstrap.checkpoint'))
  await rm(data, { recursive: true })
  await rm(file)
}

export function classpath(jars: string): string[] {
  const logger = '-Dorg.slf4j.simpleLogger'
  return ['-cp', join(jars, '*'), `${logger}.defaultLogLevel=warn`, `${logger}.log.kafka.server.KafkaRaftServer=info`]
}

async function javaVersion(): Promise<string> {
  const { stderr } = await run('java', ['-version']).catch(() => {
    throw new NotPossibleError('no java on the PATH')
  })
  const version = /version "([\w.+-]+)"/.exec(stderr)?.[1] ?? 'unknown'
  if (Number.parseInt(version) < 17) throw new NotPossibleError(`Kafka needs Java 17 or later, found ${version}`)
  return version
}
