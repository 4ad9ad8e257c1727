import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Child } from './child.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import type { Line, WorkerTask } from './processes/worker.ts'
import { freshTopic, until } from './worker.ts'

let broker: KafkaProcess
const children: Child<Line>[] = []

beforeAll(async () => {
  broker = await startKafka({ how: 'process' })
}, 120_000)
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()))
  await closeAdapters()
})
afterAll(() => broker.stop())

describe('what is put off, while those who move it on are killed and the broker goes and comes back', () => {
  it('all comes, never early, and twice only by a kill', { timeout: 180_000 }, async () => {
    const topic = freshTopic()
    const options = { brokers: broker.brokers, partitions: 4, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100 }
    const publisher = adapterAt(broker.brokers, options)
    await publisher.initialize()
    const count = 2_000
    const start = Date.now() + 3_000
    const due = (n: number): number => start + ((n * 7919) % 20_000)
    const numbers = Array.from({ length: count }, (_, n) => n)
    await publisher.publish(
      numbers.map((n) => ({ topic, key: `k${n % 50}`, headers: {}, body: `${n}`, notBefore: due(n) })),
    )
    await publisher.close()

    const task: WorkerTask = { options, topic, handlerMs: 0 }
    const join = (): Child<Line> => {
      const child = new Child<Line>(task, 'worker')
      children.push(child)
      return child
    }
    const alive = [join(), join()]
    for (let kills = 0; kills < 3; kills++) {
      // Something becomes due all the time: no moment is better than another.
      await sleep(5_000)
      alive.push(join())
      await alive.shift()?.kill()
    }
    // Who is only about to connect gives up without a broker.
    await until('those who are left work', () => alive.every(({ seen }) => seen.length > 0))
    await broker.nodes[0]?.kill()
    await broker.nodes[0]?.restart()
    const lines = (): readonly Line[] => children.flatMap(({ seen }) => seen)
    await until('all has come', () => new Set(lines().map(({ id }) => id)).size === count, 90_000)

    expect(lines().filter(({ id, at }) => at < due(Number(id)))).toEqual([])
    const reader = adapterAt(broker.brokers, options)
    await reader.initialize()
    const log: string[] = []
    for await (const { body } of reader.read({ topic })) log.push(Buffer.from(body).toString())
    expect(new Set(log).size).toBe(count)
    console.log(`put off: ${count} moved on by ${children.length} processes, ${log.length - count} twice by 3 kills`)
    // What is moved on between two commits, and while the group waits for the one that is dead.
    expect(log.length - count).toBeLessThanOrEqual(3 * 300)
  })
})
