import { setTimeout as sleep } from 'node:timers/promises'
import { type Kafka, startKafka } from '@bus/test-brokers'
import type { Delivery } from '@bus/core/spi'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Child } from './child.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import type { IdleFigures, IdleTask } from './processes/idle.ts'
import type { Line, WorkerTask } from './processes/worker.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

const sessionTimeoutMs = 6_000
let kafka: Kafka | undefined
const children = new Set<{ kill(): Promise<void> }>()

// As brokers come: the first member of a group waits three seconds for others.
beforeAll(async () => {
  kafka = await startKafka({ how: 'process', properties: { 'group.initial.rebalance.delay.ms': '3000' } })
}, 120_000)
afterEach(async () => {
  await Promise.all([...children].map((child) => child.kill()))
  children.clear()
  await closeAdapters()
})
afterAll(() => kafka?.stop())

function brokers(): readonly string[] {
  return kafka?.brokers ?? []
}

describe('a group', () => {
  it(
    'is subscribed to at once, and takes over in time from who is killed and from who leaves',
    { timeout: 120_000 },
    async () => {
      const topic = freshTopic()
      const adapter = adapterAt(brokers(), { sessionTimeoutMs })
      await adapter.initialize()
      // What a broker does once in its life is not what is measured.
      const warm = { topics: [{ topic: freshTopic(), startFrom: 'latest' as const }], group: 'g' }
      await (await adapter.consume(warm)).close()
      await adapter.publish([{ topic, headers: {}, body: 'first' }])
      const journal = new Journal()
      const began = performance.now()
      const steady = await new Worker('steady', journal, () => sleep(1)).start(adapter, {
        topics: [{ topic, startFrom: 'latest' }],
        group: 'g',
      })
      const subscribedMs = performance.now() - began
      expect(subscribedMs).toBeLessThan(2_000)
      let published = 0
      const publishAll = async (): Promise<void> => {
        for (const end = published + 40; published < end; published++)
          await adapter.publish([{ topic, key: `k${published}`, headers: {}, body: `${published}` }])
      }
      await publishAll()
      await until('what came before it had joined is handled', () => journal.finished.size === 40)
      const took: Record<string, number> = {}
      for (const way of ['kill', 'stop'] as const) {
        const options = { brokers: brokers(), sessionTimeoutMs, heartbeatIntervalMs: 100 }
        const task: WorkerTask = { options, topic, handlerMs: 1 }
        const child = new Child<Line>(task, 'worker')
        children.add(child)
        const done = (): Set<string> =>
          new Set([...journal.finished, ...child.seen.filter(({ ended }) => ended).map(({ id }) => id)])
        await until('the other one works', async () => {
          await publishAll()
          return child.seen.length > 0
        })
        await until('all is handled', () => done().size === published)
        const gone = Date.now()
        await child[way]()
        await publishAll()
        await until('all is taken over', () => done().size === published, sessionTimeoutMs + 10_000)
        took[way] = Date.now() - gone
        for (const id of done()) journal.finished.add(id)
      }
      console.log(
        `subscribe(): ${subscribedMs.toFixed(0)} ms; taken over ${took['kill']} ms after a kill (session ${sessionTimeoutMs} ms), ${took['stop']} ms after an orderly end`,
      )
      expect(took['kill']).toBeLessThan(sessionTimeoutMs + 5_000)
      expect(took['stop']).toBeLessThan(3_000)
      await steady.stop()
    },
  )

  it(
    'lets a member in that has to wait for a dead one, longer than it waits for an answer',
    { timeout: 120_000 },
    async () => {
      const topic = freshTopic()
      const session = { sessionTimeoutMs: 30_000, heartbeatIntervalMs: 100 }
      const warnings: string[] = []
      const options = { ...session, partitions: 4, logger: { warn: (line: string) => warnings.push(line) } }
      const [steady, late] = [adapterAt(brokers(), options), adapterAt(brokers(), options)]
      await Promise.all([steady.initialize(), late.initialize()])
      const journal = new Journal()
      const group = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
      const first = await new Worker('first', journal, async () => {}).start(steady, group)
      const child = new Child<Line>({ options: { brokers: brokers(), ...session }, topic, handlerMs: 0 }, 'worker')
      children.add(child)
      let published = 0
      const publishSome = async (): Promise<void> => {
        for (const end = published + 40; published < end; published++)
          await steady.publish([{ topic, key: `k${published}`, headers: {}, body: `${published}` }])
      }
      await until('the other one works', async () => {
        await publishSome()
        return child.seen.length > 0
      })
      await child.kill()
      const began = Date.now()
      const second = await new Worker('second', journal, async () => {}).start(late, group)
      await publishSome()
      const done = (): number =>
        new Set([...journal.finished, ...child.seen.filter(({ ended }) => ended).map(({ id }) => id)]).size
      await until('all is handled', () => done() === published, 60_000)
      await until('it is ready', () => second.consumer?.state.status === 'ready', 10_000)
      console.log(`let in beside a dead member after ${Date.now() - began} ms, ${journal.duplicates.length} twice`)
      expect(warnings.filter((line) => !line.includes('commits are not taken'))).toEqual([])
      expect(journal.overlaps).toBe(0)
      await Promise.all([first.stop(), second.stop()])
    },
  )

  it('keeps a member whose handler is slow, and skips nothing that is not done', { timeout: 180_000 }, async () => {
    const topic = freshTopic()
    const generations = new Set<string>()
    const logger = {
      debug: (line: string) => {
        const found = /generation \d+/.exec(line)
        if (found !== null && line.includes(topic)) generations.add(found[0])
      },
    }
    const adapter = adapterAt(brokers(), { sessionTimeoutMs, partitions: 1, logger })
    await adapter.initialize()
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    const consumer = await adapter.consume(options)
    await adapter.publish(Array.from({ length: 3_000 }, (_, n) => ({ topic, key: `k${n}`, headers: {}, body: `${n}` })))
    const open: Delivery[] = []
    let done = 0
    const stop = new AbortController()
    const pulling = (async () => {
      while (!stop.signal.aborted) {
        for (const delivery of await consumer.pull(100, stop.signal)) {
          const text = Buffer.from(delivery.message.body).toString()
          // This one takes its time; all others succeed.
          if (text === '7') open.push(delivery)
          else {
            done++
            await delivery.ack()
          }
        }
      }
    })()
    await until('the others are done', () => done === 2_999)
    await sleep(60_000)
    expect(generations.size).toBe(1)
    expect(consumer.state.status).toBe('ready')
    stop.abort()
    await pulling
    await consumer.close()
    const again = await adapter.consume(options)
    const rest: string[] = []
    const quiet = AbortSignal.timeout(8_000)
    while (!quiet.aborted)
      for (const { message } of await again.pull(100, quiet)) rest.push(Buffer.from(message.body).toString())
    expect(rest).toEqual(['7'])
  })
})

describe('ten subscriptions with nothing to do', () => {
  it.each([false, true])(
    'cost little, and end at once (with something put off on each: %s)',
    { timeout: 90_000 },
    async (delayed) => {
      const options = { brokers: brokers(), partitions: 3 }
      const task: IdleTask = { options, topic: freshTopic(), seconds: 20, delayed }
      const child = new Child<IdleFigures>(task, 'idle')
      children.add(child)
      await child.exited()
      const [figures] = child.seen
      console.log(
        `idle, put off ${delayed}: ${figures?.cpu.toFixed(1)} % of a core; close() ${figures?.closeMs.toFixed(0)} ms`,
      )
      expect(figures?.cpu).toBeLessThan(6)
      expect(figures?.closeMs).toBeLessThan(1_000)
    },
  )
})
