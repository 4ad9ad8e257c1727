// Ten subscriptions with nothing to do. Prints how much of a core they take, and how long it takes to end them.
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaAdapter, type KafkaAdapterOptions } from '../../src/index.ts'

export interface IdleTask {
  readonly options: KafkaAdapterOptions
  readonly topic: string
  readonly seconds: number
  /** Each topic has had something put off. */
  readonly delayed: boolean
}

export interface IdleFigures {
  /** Percent of one core. */
  readonly cpu: number
  readonly closeMs: number
}

const { options, topic, seconds, delayed } = JSON.parse(process.argv[2] ?? '') as IdleTask

const adapter = new KafkaAdapter(options)
await adapter.initialize()
const names = Array.from({ length: 10 }, (_, n) => `${topic}-${n}`)
const consumers = await Promise.all(
  names.map((name) =>
    adapter.consume({
      topics: [name, `${name}.g.retry`].map((each) => ({ topic: each, startFrom: 'latest' as const })),
      group: 'g',
    }),
  ),
)
if (delayed) {
  await adapter.publish(
    names.map((name) => ({ topic: name, headers: {}, body: 'x', notBefore: Date.now() + 3_600_000 })),
  )
}
const pulls = consumers.map((consumer) => consumer.pull(10, new AbortController().signal))
while (!consumers.every(({ state }) => state.status === 'ready')) await sleep(50)
// Topics that are new keep everybody busy for a moment.
await sleep(3_000)
const before = process.cpuUsage()
const began = process.hrtime.bigint()
await sleep(seconds * 1_000)
const { user, system } = process.cpuUsage(before)
const cpu = ((user + system) / Number((process.hrtime.bigint() - began) / 1_000n)) * 100
const closing = performance.now()
await adapter.close()
await Promise.all(pulls)
const figures: IdleFigures = { cpu, closeMs: performance.now() - closing }
process.stdout.write(`${JSON.stringify(figures)}\n`)
