import { EventEmitter } from 'node:events'
import Emittery from 'emittery'
import mqemitter, { type Message } from 'mqemitter'
import type { Candidate, Payload, Task } from '../measurement.ts'

// In memory; they encode, store and isolate nothing.

export async function emitteryCandidate(task: Task): Promise<Candidate> {
  const emitter = new Emittery<{ orders: Payload }>()
  return {
    async consume(handle, done) {
      for (let index = 0; index < task.subscriptions; index++) {
        emitter.on('orders', async ({ data }) => {
          await handle(data)
          done(1)
        })
      }
    },
    publish: (payload) => emitter.emit('orders', payload),
    close: async () => emitter.clearListeners(),
  }
}

export async function mqemitterCandidate(task: Task): Promise<Candidate> {
  const emitter = mqemitter({ concurrency: task.concurrency })
  return {
    async consume(handle, done) {
      for (let index = 0; index < task.subscriptions; index++) {
        emitter.on('orders', (message, next) => {
          void handle(message['payload'] as Payload)
          done(1)
          next()
        })
      }
    },
    publish: (payload) =>
      new Promise<void>((resolve) => emitter.emit({ topic: 'orders', payload } satisfies Message, () => resolve())),
    close: () => new Promise((resolve) => emitter.close(() => resolve())),
  }
}

/** The bound: a loop over functions, called in place. */
export async function eventEmitterCandidate(task: Task): Promise<Candidate> {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  return {
    async consume(handle, done) {
      for (let index = 0; index < task.subscriptions; index++) {
        emitter.on('orders', (payload: Payload) => {
          void handle(payload)
          done(1)
        })
      }
    },
    publish: async (payload) => emitter.emit('orders', payload),
    close: async () => void emitter.removeAllListeners(),
  }
}
