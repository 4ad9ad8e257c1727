// Consumes a topic on which nothing happens for a while. Prints how many timers were armed meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaAdapter, type KafkaAdapterOptions } from '../../src/index.ts'

const { topic, ...options } = JSON.parse(process.argv[2] ?? '') as KafkaAdapterOptions & { readonly topic: string }

const adapter = new KafkaAdapter(options)
await adapter.initialize()
const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })
await adapter.publish([{ topic, headers: {}, body: 'x' }])
await consumer.pull(1, AbortSignal.timeout(20_000))
const arm = globalThis.setTimeout
let timers = 0
let negative = 0
globalThis.setTimeout = ((run: () => void, ms?: number) => {
  timers++
  if (ms !== undefined && ms < 0) negative++
  return arm(run, ms)
}) as typeof globalThis.setTimeout
await sleep(2_000)
const armed = { timers, negative }
const began = Date.now()
await adapter.close()
process.stdout.write(JSON.stringify({ ...armed, closedAfterMs: Date.now() - began }))
