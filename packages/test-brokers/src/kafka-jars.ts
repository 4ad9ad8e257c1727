import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'
import { NotPossibleError } from './search.ts'

/** Which Kafka is started where nobody asks for another one. */
export function kafkaVersion(): string {
  return process.env['BUS_TEST_KAFKA_VERSION'] || '4.3.1'
}

const FETCH_MS = 300_000
const run = promisify(execFile)

/** The directory with Kafka's jars, its command line tools included, fetched once per machine by Maven. */
export function kafkaJars(version: string = kafkaVersion()): Promise<string> {
  return cached(`kafka-${version}`, async (directory) => {
    const pom = join(directory, 'pom.xml')
    await writeFile(pom, project(version))
    // Kafka 3 brings a logger of its own, which would say nothing.
    const only = ['-DincludeScope=runtime', '-DexcludeArtifactIds=slf4j-reload4j']
    const args = ['dependency:copy-dependencies', ...only, `-DoutputDirectory=${directory}`]
    await run('mvn', ['-q', '-B', '-f', pom, ...args], { timeout: FETCH_MS }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new NotPossibleError('no mvn on the PATH to fetch Kafka with')
      throw new NotPossibleError(`Maven could not fetch Kafka ${version} (${error.message})`)
    })
    await rm(pom)
  })
}

function project(version: string): string {
  const artifacts = [
    ['org.apache.kafka', 'kafka_2.13', version],
    ['org.apache.kafka', 'kafka-tools', version],
    ['org.slf4j', 'slf4j-simple', '1.7.36'],
  ] as const
  const dependencies = artifacts.map(
    ([group, artifact, wanted]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${wanted}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bus</groupId><artifactId>kafka-jars</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`
}
