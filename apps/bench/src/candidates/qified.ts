import { RedisMessageProvider } from '@qified/redis'
import { MemoryMessageProvider, type MessageProvider, Qified } from 'qified'
import type { Candidate, Payload, Place, Task } from '../measurement.ts'

export function qifiedMemoryCandidate(task: Task, place: Place): Promise<Candidate> {
  return qifiedCandidate(new MemoryMessageProvider(), task, place)
}

/** Redis Pub/Sub: nothing is stored, acknowledged or given to one member of a group. */
export function qifiedRedisCandidate(task: Task, place: Place): Promise<Candidate> {
  return qifiedCandidate(new RedisMessageProvider({ uri: place.address }), task, place)
}

async function qifiedCandidate(provider: MessageProvider, task: Task, { topic }: Place): Promise<Candidate> {
  const qified = new Qified({ messageProviders: [provider] })
  let nextId = 0
  return {
    async consume(handle, done) {
      for (let index = 0; index < task.subscriptions; index++) {
        await qified.subscribe(topic, {
          id: `handler-${index}`,
          handler: async ({ data }) => {
            await handle(data as Payload)
            done(1)
          },
        })
      }
    },
    publish: (data) => qified.publish(topic, { id: `${nextId++}`, data }),
    close: () => qified.disconnect(),
  }
}
