import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AnswersProxy, apiKeys } from './answers-proxy.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

let proxy: AnswersProxy
let broker: KafkaProcess | undefined

beforeAll(async () => {
  proxy = await AnswersProxy.start()
  broker = await startKafka({
    how: 'process',
    properties: { 'advertised.listeners': `CLIENT://127.0.0.1:${proxy.port}`, 'inter.broker.listener.name': 'CLIENT' },
  })
  proxy.target(Number(broker.nodes[0]?.address.split(':')[1]))
})
afterEach(closeAdapters)
afterAll(async () => {
  proxy.stop()
  await broker?.stop()
})

describe('a connection that ends in the middle of an answer', () => {
  // kafkajs 2.2.4 puts the rest of one connection before the first bytes of the next: what it reads then is not Kafka's,
  // and where it is less than a length it throws where nobody catches.
  it.each([
    ['fetch', apiKeys.fetch],
    ['produce', apiKeys.produce],
    ['metadata', apiKeys.metadata],
    ['heartbeat', apiKeys.heartbeat],
  ] as const)('to %s leaves nothing behind in the one that follows', { timeout: 60_000 }, async (_name, apiKey) => {
    const topic = freshTopic()
    const adapter = adapterAt([`127.0.0.1:${proxy.port}`], { publishTimeoutMs: 30_000, requestTimeout: 5_000 })
    await adapter.initialize()
    const journal = new Journal()
    const worker = await new Worker('g', journal, async () => {}).start(adapter, {
      topics: [{ topic, startFrom: 'latest' }],
      group: 'g',
    })
    await until('it is ready', () => worker.consumer?.state.status === 'ready')
    const publish = (n: number): Promise<void> =>
      adapter.publish([{ topic, key: `k${n % 5}`, headers: {}, body: `${n}` }])
    const before = proxy.affected
    proxy.halve(apiKey, 5)
    let n = 0
    while (proxy.affected < before + 5) {
      await publish(n++)
      // kafkajs asks for metadata only when something is new.
      if (apiKey === apiKeys.metadata) await adapter.publish([{ topic: freshTopic(), headers: {}, body: 'x' }])
    }
    for (const end = n + 20; n < end; n++) await publish(n)
    await until('the group has all', () => journal.finished.size === n, 20_000)
    expect(journal.overlaps).toBe(0)
    await adapter.ping(AbortSignal.timeout(2_000))
    await worker.stop()
  })
})
