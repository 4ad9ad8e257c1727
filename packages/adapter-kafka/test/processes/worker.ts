// A worker in a process of its own, to be killed at any moment. Prints when each handler begins and ends.
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaAdapter, type KafkaAdapterOptions } from '../../src/index.ts'
import { Journal, Worker } from '../worker.ts'

export interface WorkerTask {
  readonly options: KafkaAdapterOptions
  readonly topic: string
  readonly handlerMs: number
}

export interface Line {
  readonly id: string
  readonly key: string
  readonly at: number
  readonly ended?: true
}

const { options, topic, handlerMs } = JSON.parse(process.argv[2] ?? '') as WorkerTask

const adapter = new KafkaAdapter(options)
await adapter.initialize()
const worker = new Worker('child', new Journal(), async ({ message }) => {
  const line = { id: Buffer.from(message.body).toString(), key: message.key ?? '', at: Date.now() }
  await print(line)
  await sleep(handlerMs)
  await print({ ...line, at: Date.now(), ended: true })
})
process.on('SIGTERM', () => void worker.stop().then(() => adapter.close()))
await worker.start(adapter, { topics: [{ topic, startFrom: 'earliest' }], group: 'g' })

function print(line: Line): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()))
}
