// A member in a process of its own, to be killed. Prints one JSON line for each delivery; told what to do by arguments.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery } from '@bus/core/spi'
import { KafkaAdapter, type KafkaAdapterOptions } from '../../src/index.ts'

export interface ConsumerTask {
  readonly options: KafkaAdapterOptions
  readonly topic: string
  readonly group: string
  /** How many are taken at a time. */
  readonly prefetch: number
  /** The body that ends this process at once, like an event that does so to its handler. */
  readonly poison?: string
  /** Nothing is acknowledged. */
  readonly hold?: boolean
  readonly handlerMs?: number
}

const task = JSON.parse(process.argv[2] ?? '') as ConsumerTask

const adapter = new KafkaAdapter(task.options)
await adapter.initialize()
const consumer = await adapter.consume({ topics: [{ topic: task.topic, startFrom: 'earliest' }], group: task.group })
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())

while (!stop.signal.aborted) {
  const deliveries = await consumer.pull(task.prefetch, stop.signal)
  await Promise.all(deliveries.map(handle))
}
await adapter.close()

async function handle(delivery: Delivery): Promise<void> {
  const body = Buffer.from(delivery.message.body).toString()
  const { redeliveries, note } = delivery
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify({ body, redeliveries, note })}\n`, resolve))
  if (body === task.poison) process.kill(process.pid, 'SIGKILL')
  await sleep(task.handlerMs ?? 0)
  if (task.hold !== true) await delivery.ack()
}
