import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { classpath, java } from './kafka-home.ts'
import { kafkaJars } from './kafka-jars.ts'

/** They serve older brokers, too. */
const VERSION = '4.3.1'
const PATIENCE_MS = 60_000

const mains = {
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  topics: 'org.apache.kafka.tools.TopicCommand',
  acls: 'org.apache.kafka.tools.AclCommand',
  'producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
} as const

export type KafkaTool = keyof typeof mains

/** Runs one of Apache Kafka's own command line tools, `kafka-<name>.sh`, and resolves with what it printed. */
export async function kafkaTool(name: KafkaTool, args: readonly string[], input = ''): Promise<string> {
  const flags = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8', '-XX:TieredStopAtLevel=1', '-Xmx256m']
  const child = spawn(java, [...flags, ...classpath(await kafkaJars(VERSION)), mains[name], ...args], {
    timeout: PATIENCE_MS,
    // Where the texts of messages are taken for those of the system.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  const output: Buffer[] = []
  const complaints: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  const said = Buffer.concat(output).toString()
  if (code === 0) return said
  throw new Error(`kafka-${name} ended with ${code}\n${Buffer.concat(complaints).toString()}\n${said}`)
}
