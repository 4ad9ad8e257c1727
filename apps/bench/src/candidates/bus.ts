import { EventBus, type EventBusAdapter } from '@bus/core'
import { type Candidate, Counter, inWindows, keyOf, payload, type Task } from '../measurement.ts'

/** The whole core with its default options, on whichever adapter. */
export async function busCandidate(adapter: EventBusAdapter, task: Task): Promise<Candidate> {
  const topic = `bench-${process.pid}`
  const bus = new EventBus(adapter, 'bench', { ownsAdapter: true })
  let counter = new Counter(0)
  for (let index = 0; index < task.subscriptions; index++) {
    await bus.subscribe(topic, () => counter.add(), {
      consumerGroup: `group-${index}`,
      concurrency: task.keys === 0 ? 1 : 16,
    })
  }
  await allReady(bus)
  return {
    async run(events) {
      counter = new Counter(events * task.subscriptions)
      await inWindows(events, task.window, (index) =>
        bus.publish(topic, 'order.created', payload, { key: keyOf(index, task.keys) }),
      )
      await counter.reached
      await allAcknowledged(adapter, topic, task.subscriptions)
    },
    close: () => bus.close(),
  }
}

async function allReady(bus: EventBus): Promise<void> {
  while (!(await bus.getHealth()).ready) await new Promise(setImmediate)
}

/** The measurement ends when the backend knows of every acknowledgement. */
async function allAcknowledged(adapter: EventBusAdapter, topic: string, groups: number): Promise<void> {
  for (let index = 0; index < groups; index++) {
    for (;;) {
      const state = await adapter.inspect(topic, `group-${index}`)
      if (state !== undefined && state.lag + state.pending === 0) break
      await new Promise(setImmediate)
    }
  }
}
