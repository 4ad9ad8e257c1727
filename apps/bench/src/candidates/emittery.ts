import Emittery from 'emittery'
import { type Candidate, Counter, inWindows, payload, type Task } from '../measurement.ts'

/** In memory; encodes, stores and isolates nothing. */
export async function emitteryCandidate(task: Task): Promise<Candidate> {
  const emitter = new Emittery<{ orders: unknown }>()
  let counter = new Counter(0)
  for (let index = 0; index < task.subscriptions; index++) emitter.on('orders', () => counter.add())
  return {
    async run(events) {
      counter = new Counter(events * task.subscriptions)
      await inWindows(events, task.window, () => emitter.emit('orders', payload))
      await counter.reached
    },
    close: async () => emitter.clearListeners(),
  }
}
