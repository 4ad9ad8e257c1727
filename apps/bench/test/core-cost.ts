import { createHook } from 'node:async_hooks'
import { GCProfiler } from 'node:v8'
import { EventBus } from '@bus/core'
import { inWindows, payloadOf } from '../src/measurement.ts'
import { NullAdapter } from './null-adapter.ts'

// In a process of its own, told by `core.test.ts`: nothing else allocates here.

export interface CoreCost {
  /** Per event. */
  readonly promises: number
  /** Per event. */
  readonly bytes: number
}

export interface CoreCosts {
  readonly publish: CoreCost
  readonly handle: CoreCost
}

const events = 20_000
const payload = payloadOf(200)
const adapter = new NullAdapter()
const bus = new EventBus(adapter, 'cost')
let left = 0
let finished = (): void => {}
await bus.subscribe('orders', () => void (--left === 0 && finished()), { consumerGroup: 'group' })

const publish = (): Promise<void> => inWindows(events, 500, () => bus.publish('orders', 'order.created', payload))
const handle = (): Promise<void> => {
  left = events
  const all = new Promise<void>((resolve) => (finished = resolve))
  adapter.release()
  return all
}

// Compiled code allocates less.
for (let round = 0; round < 5; round++) {
  await publish()
  await handle()
}
const bytes = [await allocated(publish), await allocated(handle)] as const
const promises = [await promisesOf(publish), await promisesOf(handle)] as const
const costs: CoreCosts = {
  publish: { promises: promises[0] / events, bytes: bytes[0] / events },
  handle: { promises: promises[1] / events, bytes: bytes[1] / events },
}
console.log(JSON.stringify(costs))
await bus.close()

async function promisesOf(act: () => Promise<void>): Promise<number> {
  let count = 0
  const hook = createHook({ init: (_, type) => void (type === 'PROMISE' && count++) }).enable()
  await act()
  hook.disable()
  return count
}

/** What is there more of at the end, and what was collected meanwhile. */
async function allocated(act: () => Promise<void>): Promise<number> {
  const profiler = new GCProfiler()
  profiler.start()
  const before = process.memoryUsage().heapUsed
  await act()
  const after = process.memoryUsage().heapUsed
  const { statistics } = profiler.stop()
  const collected = statistics.map(
    ({ beforeGC, afterGC }) => beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
  )
  return collected.reduce((sum, amount) => sum + amount, after - before)
}
