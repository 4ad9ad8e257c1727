import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { kafkaTool } from '@bus/test-brokers'
import { now, payloadOf, type Place, type Sample, type Task } from './measurement.ts'

const run = promisify(execFile)
const patienceMs = 60_000

/** What the server or its own tools can do: no candidate is expected to come near. */
export const limits: Readonly<Record<string, (task: Task, place: Place, maxEvents: number) => Promise<Sample>>> = {
  'redis-benchmark': async (task, { address, topic }, maxEvents) => {
    const { hostname, port } = new URL(address)
    const events = Math.min(500_000, maxEvents)
    const body = JSON.stringify(payloadOf(task.payloadBytes))
    const key = `limit-${topic}`
    const target = ['-h', hostname, '-p', port || '6379']
    // One connection, as every candidate has for publishing.
    const shape = ['-n', `${events}`, '-c', '1', '-P', '500', '--csv']
    const { stdout } = await run('redis-benchmark', [...target, ...shape, 'XADD', key, '*', 'body', body], {
      timeout: patienceMs,
    })
    await run('redis-cli', [...target, 'DEL', key], { timeout: patienceMs })
    // The command, which may have commas and quotes in it, comes first; then the rate and six latencies.
    const numbers = [...stdout.matchAll(/"(\d+\.\d+)"/g)].map(([, text]) => Number(text))
    return sampleOf(events, numbers.at(-7) ?? NaN)
  },
  ProducerPerformance: async (task, { address, topic }, maxEvents) => {
    await createTopic(address, topic)
    const events = Math.min(500_000, maxEvents)
    const output = await produce(task, address, topic, events)
    return sampleOf(events, Number(/([\d.]+) records\/sec/.exec(output.trim().split('\n').at(-1) ?? '')?.[1]))
  },
  'ConsumerPerformance (consume only)': async (task, { address, topic }, maxEvents) => {
    await createTopic(address, topic)
    const events = Math.min(500_000, maxEvents)
    await produce(task, address, topic, events)
    const output = await kafkaTool('consumer-perf-test', [
      '--bootstrap-server',
      address,
      '--topic',
      topic,
      '--num-records',
      `${events}`,
      '--timeout',
      '20000',
    ])
    // The last column but none is fetch.nMsg.sec: events while it fetched, joining the group left out.
    return sampleOf(events, Number(output.trim().split('\n').at(-1)?.split(',').at(-1)))
  },
}

function produce(task: Task, address: string, topic: string, events: number): Promise<string> {
  return kafkaTool('producer-perf-test', [
    '--topic',
    topic,
    '--num-records',
    `${events}`,
    '--record-size',
    `${task.payloadBytes}`,
    '--throughput',
    '-1',
    '--command-property',
    `bootstrap.servers=${address}`,
    'acks=all',
  ])
}

async function createTopic(address: string, topic: string): Promise<void> {
  await kafkaTool('topics', ['--bootstrap-server', address, '--create', '--topic', topic, '--partitions', '3'])
}

function sampleOf(events: number, rate: number): Sample {
  if (!(rate > 0)) throw new Error(`The tool told no rate at ${new Date(now()).toISOString()}.`)
  return { events, elapsedMs: (events / rate) * 1000 }
}
