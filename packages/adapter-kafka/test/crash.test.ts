import type { Delivery } from '@bus/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import { Child, type Seen } from './child.ts'
import { closeAdapters, kafka, startedAdapter } from './kafka.ts'
import type { ConsumerTask } from './processes/consumer.ts'
import { freshTopic, until } from './worker.ts'

let child: Child | undefined

afterEach(async () => {
  await child?.kill()
  await closeAdapters()
})

async function taskFor(topic: string, more: Partial<ConsumerTask> = {}): Promise<ConsumerTask> {
  const { brokers } = await kafka()
  // With a name of its own, so that the next one does not have to wait for its ghost.
  const options = { brokers, partitions: 1, sessionTimeoutMs: 30_000, heartbeatIntervalMs: 100, instanceId: 'the-one' }
  return { options, topic, group: 'g', prefetch: 20, ...more }
}

async function published(topic: string, count: number): Promise<void> {
  const adapter = await startedAdapter({ partitions: 1 })
  await adapter.publish(Array.from({ length: count }, (_, n) => ({ topic, key: `k${n}`, headers: {}, body: `${n}` })))
}

describe('a process that is killed', () => {
  it('is counted for the oldest event it had, by the next one, long before its session ends if it has a name', async () => {
    const topic = freshTopic()
    await published(topic, 3)
    const task = await taskFor(topic, { hold: true })
    for (let deaths = 0; deaths < 3; deaths++) {
      const began = Date.now()
      child = new Child(task)
      const { seen } = child
      await until('it has the oldest', () => seen.length > 0)
      expect(Date.now() - began).toBeLessThan(15_000)
      expect(seen[0]).toMatchObject({ body: '0', redeliveries: deaths })
      // What is on loan is written down soon after it was lent.
      const adapter = await startedAdapter()
      await until('it is known what it has', async () => ((await adapter.inspect(topic, 'g'))?.pending ?? 0) > 0)
      await child.kill()
    }
  })

  it('does not lose an event, and hands over all at once when it ends in an orderly way', async () => {
    const topic = freshTopic()
    await published(topic, 20)
    child = new Child(await taskFor(topic, { prefetch: 5, handlerMs: 20 }))
    const { seen } = child
    await until('some are done', () => seen.length >= 5)
    expect(await child.stop()).toBe(0)
    const adapter = await startedAdapter({ partitions: 1 })
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })
    const rest: Delivery[] = []
    const done = seen.length
    while (rest.length < 20 - done) rest.push(...(await consumer.pull(20, AbortSignal.timeout(5_000))))
    const bodies = [...seen.map(({ body }) => body), ...rest.map(({ message }) => Buffer.from(message.body).toString())]
    expect(bodies.map(Number)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(rest.every(({ redeliveries }) => redeliveries === 0)).toBe(true)
  })

  it('by an event that kills it, is not a matter of the events around it', async () => {
    const topic = freshTopic()
    await published(topic, 12)
    const task = await taskFor(topic, { poison: '7' })
    const all: Seen[] = []
    let poison: Seen | undefined
    for (let lives = 0; lives < 9 && (poison?.redeliveries ?? 0) < 4; lives++) {
      child = new Child(task)
      await child.exited()
      all.push(...child.seen)
      poison = child.seen.find(({ body }) => body === '7')
    }
    // What is lent beside it the first times may be counted once or twice, never more.
    expect(poison?.redeliveries).toBe(4)
    expect(
      Math.max(...all.filter(({ body }) => body !== '7').map(({ redeliveries }) => redeliveries)),
    ).toBeLessThanOrEqual(2)
    // It is given up; the others flow on.
    const adapter = await startedAdapter({ partitions: 1, instanceId: 'the-one', clientId: 'event-bus' })
    const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })
    const bodies: string[] = []
    while (!bodies.includes('11')) {
      for (const delivery of await consumer.pull(20, AbortSignal.timeout(10_000))) {
        bodies.push(Buffer.from(delivery.message.body).toString())
        await delivery.ack()
      }
    }
    expect(bodies).toEqual(expect.arrayContaining(['7', '8', '9', '10', '11']))
  })
})

describe('a process that is done', () => {
  it('exits by itself after close, also if it never consumed', async () => {
    const topic = freshTopic()
    await published(topic, 1)
    child = new Child(await taskFor(topic))
    const { seen } = child
    await until('it works', () => seen.length === 1)
    const began = Date.now()
    expect(await child.stop()).toBe(0)
    expect(Date.now() - began).toBeLessThan(3_000)
  })
})
