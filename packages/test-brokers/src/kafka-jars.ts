import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'
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
export function kafkaJars(): Promise<string> {
  return cached(`kafka-${KAFKA_VERSION}`, async (directory) => {
    const pom = join(directory, 'pom.xml')
    await writeFile(pom, project())
    const args = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${directory}`]
    await run('mvn', ['-q', '-B', '-f', pom, ...args], { timeout: FETCH_MS }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new NotPossibleError('no mvn on the PATH to fetch Kafka with')
      throw new NotPossibleError(`Maven could not fetch Kafka ${KAFKA_VERSION} (${error.message})`)
    })
    await rm(pom)
  })
}

function project(): string {
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bus</groupId><artifactId>kafka-jars</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`
}
