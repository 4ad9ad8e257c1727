import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaProcess, type Proxy, startKafka, startProxy } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

let proxy: Proxy
let broker: KafkaProcess | undefined

beforeAll(async () => {
  proxy = await startProxy(() => ({ port: Number(broker?.nodes[0]?.address.split(':')[1]) }))
  broker = await startKafka({
    how: 'process',
    properties: { 'advertised.listeners': `CLIENT://127.0.0.1:${proxy.port}`, 'inter.broker.listener.name': 'CLIENT' },
  })
})
afterEach(closeAdapters)
afterAll(async () => {
  await proxy.close()
  await broker?.stop()
})

describe('a network that lets nothing through, without a sign', () => {
  it('is noticed; when it is back, everything goes on and nothing is lost', { timeout: 120_000 }, async () => {
    const topic = freshTopic()
    const adapter = adapterAt([`127.0.0.1:${proxy.port}`], {
      publishTimeoutMs: 60_000,
      requestTimeout: 5_000,
      connectionTimeout: 2_000,
      sessionTimeoutMs: 10_000,
    })
    await adapter.initialize()
    const [journal, alone] = [new Journal(), new Journal()]
    const options = { topics: [{ topic, startFrom: 'latest' as const }] }
    const worker = await new Worker('g', journal, () => sleep(1)).start(adapter, { ...options, group: 'g' })
    const solo = await new Worker('solo', alone, async () => {}).start(adapter, options)
    await until('it is ready', () => worker.consumer?.state.status === 'ready')
    const publish = (n: number): Promise<void> =>
      adapter.publish([{ topic, key: `k${n % 5}`, headers: {}, body: `${n}` }])
    for (let n = 0; n < 20; n++) await publish(n)
    proxy.cut()
    const waiting = Array.from({ length: 20 }, (_, n) => publish(20 + n))
    await expect(adapter.ping(AbortSignal.timeout(1_000))).rejects.toThrow()
    await until('the consumer says so', () => worker.consumer?.state.status === 'failing', 5_000)
    // Shorter than the session: nobody else may have taken over.
    await sleep(4_000)
    proxy.restore()
    await Promise.all(waiting)
    await until('the group has all', () => journal.finished.size === 40)
    await until('the reader without a group has all', () => alone.finished.size === 40)
    expect(journal.duplicates).toEqual([])
    expect(journal.overlaps).toBe(0)
    const log: string[] = []
    for await (const { body } of adapter.read({ topic })) log.push(Buffer.from(body).toString())
    expect(log.toSorted()).toEqual(Array.from({ length: 40 }, (_, n) => `${n}`).toSorted())
    await until(
      'all is well',
      () => worker.consumer?.state.status === 'ready' && solo.consumer?.state.status === 'ready',
    )
    await adapter.ping(AbortSignal.timeout(2_000))
    await Promise.all([worker.stop(), solo.stop()])
  })

  it('for longer than a session, costs the membership and nothing else', { timeout: 120_000 }, async () => {
    const topic = freshTopic()
    const adapter = adapterAt([`127.0.0.1:${proxy.port}`], {
      requestTimeout: 3_000,
      connectionTimeout: 2_000,
      sessionTimeoutMs: 6_000,
    })
    await adapter.initialize()
    const journal = new Journal()
    const worker = await new Worker('g', journal, () => sleep(200)).start(adapter, {
      topics: [{ topic, startFrom: 'latest' }],
      group: 'g',
    })
    await until('it is ready', () => worker.consumer?.state.status === 'ready')
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => adapter.publish([{ topic, key: `k${n % 20}`, headers: {}, body: `${n}` }])),
    )
    await until('some are done', () => journal.finished.size > 20)
    proxy.cut()
    await sleep(10_000)
    proxy.restore()
    await until('the rest is done', () => journal.finished.size === 200, 60_000)
    expect(journal.overlaps).toBe(0)
    // Nobody else was there: what was done while it was away is not done again.
    expect(journal.duplicates).toEqual([])
    await worker.stop()
  })
})
