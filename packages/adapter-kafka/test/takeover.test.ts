import { type KafkaProcess, startKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Child } from './child.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import type { ConsumerTask } from './processes/consumer.ts'
import { freshTopic, until } from './worker.ts'

const sessionTimeoutMs = 30_000
let child: Child | undefined
let broker: KafkaProcess

// As brokers come: the first member of a group without members waits three seconds for others.
beforeAll(async () => {
  broker = await startKafka({ how: 'process', properties: { 'group.initial.rebalance.delay.ms': '3000' } })
}, 120_000)
afterAll(() => broker.stop())
afterEach(async () => {
  await child?.kill()
  await closeAdapters()
})

describe('a process with an instanceId, killed in the middle of its work', () => {
  it('is sent away by the one that comes after it, which works on long before its session ends', async () => {
    const topic = freshTopic()
    const options = { partitions: 3, sessionTimeoutMs, heartbeatIntervalMs: 500, instanceId: 'pod-0', clientId: 'shop' }
    const [publisher, next] = [adapterAt(broker.brokers, { partitions: 3 }), adapterAt(broker.brokers, options)]
    await Promise.all([publisher.initialize(), next.initialize()])
    const events = Array.from({ length: 30 }, (_, n) => ({ topic, key: `k${n}`, headers: {}, body: `${n}` }))
    await publisher.publish(events)
    const task: ConsumerTask = {
      options: { brokers: broker.brokers, ...options },
      topic,
      group: 'g',
      prefetch: 30,
      hold: true,
    }
    const victim = (child = new Child(task))
    await until('it has some', () => victim.seen.length > 0)
    await victim.kill()
    const took: number[] = []
    for (let life = 0; life < 5; life++) {
      const began = performance.now()
      const consumer = await next.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
      const [first] = await consumer.pull(1, AbortSignal.timeout(sessionTimeoutMs))
      took.push(Math.round(performance.now() - began))
      expect(first).toBeDefined()
      await consumer.close()
      if (life === 4) break
      // Again a ghost: of a process whose name this one has too.
      const ghost = (child = new Child(task))
      await until('it has some', () => ghost.seen.length > 0)
      await ghost.kill()
    }
    console.log(
      `takeover from a ghost: ${took.join(', ')} ms from consume() to the first event (session ${sessionTimeoutMs} ms)`,
    )
    for (const ms of took) expect(ms).toBeLessThan(sessionTimeoutMs / 3)
  })
})
