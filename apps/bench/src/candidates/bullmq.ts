import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { batchesOf, type Candidate, type Payload, payloadOf, type Place, type Task } from '../measurement.ts'

const concurrency = 100

export async function bullmqCandidate(
  way: 'add' | 'addBulk',
  task: Task,
  { address, topic }: Place,
): Promise<Candidate> {
  const connect = (): Redis => new Redis(address, { maxRetriesPerRequest: null })
  const connections = [connect(), connect()] as const
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true }
  const queue = new Queue(topic, { connection: connections[0], defaultJobOptions })
  await queue.waitUntilReady()
  let worker: Worker | undefined
  const payload = payloadOf(task.payloadBytes)
  const addBulk = async (count: number): Promise<void> => {
    for (const size of batchesOf(count))
      await queue.addBulk(Array.from({ length: size }, () => ({ name: 'order.created', data: payload })))
  }
  return {
    async consume(handle, done) {
      worker = new Worker(topic, async ({ data }) => handle(data as Payload), {
        connection: connections[1],
        concurrency,
      })
      worker.on('completed', () => done(1))
      worker.on('error', () => {})
      await worker.waitUntilReady()
    },
    publish: (event) => queue.add('order.created', event),
    ...(way === 'addBulk' ? { publishMany: addBulk } : {}),
    async close() {
      await worker?.close(true)
      await queue.obliterate({ force: true })
      await queue.close()
      for (const connection of connections) connection.disconnect()
    },
  }
}
