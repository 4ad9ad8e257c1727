import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NotPossibleError } from './search.ts'

export const KAFKA_VERSION = '4.3.1'

const FETCH_MS = 300_000
const run = promisify(execFile)

const artifacts = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.kafka', 'kafka-tools', KAFKA_VERSION],
  ['org.slf4j', 'slf4j-simple', '1.7.36'],
] as const

/** The directory with Kafka's jars, fetched once per machine by Maven. */
export async function kafkaJars(): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bus-test-brokers')
  const jars = join(cache, `kafka-${KAFKA_VERSION}`)
  if (await exists(jars)) return jars
  await mkdir(cache, { recursive: true })
  // Runs that fetch at the same time each fill their own directory; the first to rename it wins.
  const own = await mkdtemp(join(cache, 'fetch-'))
  try {
    await fetchInto(own)
    await rename(join(own, 'jars'), jars).catch(async (error: Error) => {
      if (!(await exists(jars))) throw error
    })
  } finally {
    await rm(own, { recursive: true, force: true })
  }
  return jars
}

async function fetchInto(directory: string): Promise<void> {
  await writeFile(join(directory, 'pom.xml'), pom())
  const output = `-DoutputDirectory=${join(directory, 'jars')}`
  const args = ['-q', '-B', '-f', join(directory, 'pom.xml'), 'dependency:copy-dependencies', '-DincludeScope=runtime']
  await run('mvn', [...args, output], { timeout: FETCH_MS }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new NotPossibleError('no mvn on the PATH to fetch Kafka with')
    throw new NotPossibleError(`Maven could not fetch Kafka ${KAFKA_VERSION} (${error.message})`)
  })
}

function pom(): string {
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bus</groupId><artifactId>kafka-jars</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
