import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { apiKeys, AnswersProxy } from './answers-proxy.ts'
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
afterEach(async () => {
  proxy.spare()
  await closeAdapters()
})
afterAll(async () => {
  proxy.stop()
  await broker?.stop()
})

describe('an answer that never comes', () => {
  const short = Object.entries(apiKeys).map(([name, apiKey]) => ({ name, apiKey, sessionTimeoutMs: 6_000 }))
  // What is waited for depends on the session.
  const long = short.filter(({ name }) => name === 'joinGroup' || name === 'syncGroup')
  it.each([...short, ...long.map((one) => ({ ...one, sessionTimeoutMs: 30_000 }))])(
    'to $name, while a member joins, costs time and nothing else (session $sessionTimeoutMs ms)',
    { timeout: 120_000 },
    async ({ name, apiKey, sessionTimeoutMs }) => {
      const topic = freshTopic()
      const options = { sessionTimeoutMs, publishTimeoutMs: 60_000 }
      const [one, two] = [0, 1].map(() => adapterAt([`127.0.0.1:${proxy.port}`], options))
      if (one === undefined || two === undefined) return
      await Promise.all([one.initialize(), two.initialize()])
      const journal = new Journal()
      const consume = { topics: [{ topic, startFrom: 'latest' as const }], group: 'g' }
      const first = await new Worker('first', journal, () => sleep(20)).start(one, consume)
      await until('the first is ready', () => first.consumer?.state.status === 'ready')
      let published = 0
      const publish = async (count: number): Promise<void> => {
        for (const end = published + count; published < end; published++) {
          await one.publish([{ topic, key: `k${published % 12}`, headers: {}, body: `${published}` }])
        }
      }
      await publish(40)
      const [lost, began] = [proxy.affected, Date.now()]
      proxy.lose(apiKey)
      const second = await new Worker('second', journal, () => sleep(20)).start(two, consume)
      await publish(40)
      await until(
        'both are ready',
        () => [first, second].every(({ consumer }) => consumer?.state.status === 'ready'),
        60_000,
      )
      await publish(40)
      await until('everything is handled', () => journal.finished.size === published, 60_000)
      await second.stop()
      await publish(20)
      await until('the first has it all again', () => journal.finished.size === published, 60_000)
      console.log(
        `${name}, session ${sessionTimeoutMs} ms: ${proxy.affected - lost} lost, all well after ${Date.now() - began} ms, ${journal.duplicates.length} delivered twice`,
      )
      expect(journal.overlaps).toBe(0)
      for (let key = 0; key < 12; key++) {
        const ids = [...new Set(journal.keyOrder(`k${key}`).map(Number))]
        expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      }
      await first.stop()
    },
  )
})
