import { EventBus, type EventBusAdapter } from '@bus/core'
import type { Candidate, Place, Task } from '../measurement.ts'

const groupsAsked = 10

/** The whole core with its default options, on whichever adapter. */
export async function busCandidate(adapter: EventBusAdapter, task: Task, { topic }: Place): Promise<Candidate> {
  const bus = new EventBus(adapter, 'bench', { ownsAdapter: true })
  await bus.initialize()
  return {
    async consume(handle, done) {
      for (let index = 0; index < task.subscriptions; index++) {
        await bus.subscribe(
          topic,
          (event) => {
            const returned = handle(event.payload)
            if (returned === undefined) return done(1)
            return returned.then(() => done(1))
          },
          { consumerGroup: groupOf(index), concurrency: task.concurrency, prefetch: task.prefetch },
        )
      }
      for (let index = 0; index < (task.unrelated ?? 0); index++) {
        await bus.subscribe(`${topic}-${index}`, () => {}, { consumerGroup: groupOf(index) })
      }
      while (!(await bus.getHealth()).ready) await new Promise(setImmediate)
    },
    publish: (payload, key) => bus.publish(topic, 'order.created', payload, { key }),
    /** The measurement ends when the backend knows of every acknowledgement. Of hundreds of groups only some are asked. */
    async acknowledged() {
      for (let index = 0; index < Math.min(task.subscriptions, groupsAsked); index++) {
        for (;;) {
          const state = await adapter.inspect(topic, groupOf(index))
          if (state !== undefined && state.lag + state.pending === 0) break
          await new Promise(setImmediate)
        }
      }
    },
    close: () => bus.close(),
  }
}

function groupOf(index: number): string {
  return `group-${index}`
}
