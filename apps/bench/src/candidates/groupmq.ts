import { Queue, Worker } from 'groupmq'
import { Redis } from 'ioredis'
import type { Candidate, Place, Task } from '../measurement.ts'

// It has no events without a group; many of them are the shape it is made for.
const groups = 50

export async function groupmqCandidate(_task: Task, { address, topic }: Place): Promise<Candidate> {
  const redis = new Redis(address, { maxRetriesPerRequest: null })
  const queue = new Queue<object>({ redis, namespace: topic, keepCompleted: 0 })
  let worker: Worker<object> | undefined
  let next = 0
  return {
    async consume(handle, done) {
      worker = new Worker<object>({
        queue,
        concurrency: groups,
        handler: async ({ data }) => {
          await handle(data)
          done(1)
        },
      })
      worker.on('error', () => {})
      void worker.run()
    },
    publish: (data, key) => queue.add({ groupId: key ?? `group-${next++ % groups}`, data }),
    async close() {
      await worker?.close(1_000)
      await queue.close()
      redis.disconnect()
    },
  }
}
