import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery, Message } from '@bus/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import { closeAdapters, startedAdapter } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

afterEach(closeAdapters)

function events(topic: string, count: number, keys: number): Message[] {
  return Array.from({ length: count }, (_, n) => ({ topic, key: `k${n % keys}`, headers: {}, body: `${n}` }))
}

function textOf({ message }: Delivery): string {
  return Buffer.from(message.body).toString()
}

describe('a group whose members come and go', () => {
  it('delivers nothing twice and no key to two at once, while handlers run', async () => {
    const topic = freshTopic()
    const [a, b] = [await startedAdapter(), await startedAdapter()]
    const journal = new Journal()
    const slow = (): Promise<void> => sleep(500)
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    const first = await new Worker('first', journal, slow).start(a, options)
    await a.publish(events(topic, 120, 24))
    await until('some are done', () => journal.finished.size > 10)
    const second = await new Worker('second', journal, slow).start(b, options)
    await until('the second works', () => journal.started.some(({ worker }) => worker === 'second'))
    const third = await new Worker('third', journal, slow).start(b, options)
    await until('the third works', () => journal.started.some(({ worker }) => worker === 'third'))
    await second.stop()
    await until('all are done', () => journal.finished.size === 120)
    await Promise.all([first.stop(), third.stop()])
    expect(journal.duplicates).toEqual([])
    expect(journal.overlaps).toBe(0)
    expect(first.handovers).toBeGreaterThan(0)
    for (let key = 0; key < 24; key++) {
      const ids = journal.keyOrder(`k${key}`).map(Number)
      expect(ids).toEqual(ids.toSorted((x, y) => x - y))
    }
  })

  it('lets the others work on while one lets a slow handler come to its end', async () => {
    const topic = freshTopic()
    const [a, b] = [await startedAdapter(), await startedAdapter()]
    const journal = new Journal()
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    // Whatever partition the slow one is in, it may have to move.
    const handle = (delivery: Delivery): Promise<void> => (textOf(delivery).startsWith('slow') ? held : sleep(1))
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    const first = await new Worker('first', journal, handle, 50).start(a, options)
    const keys = Array.from({ length: 16 }, (_, n) => `k${n}`)
    await a.publish(keys.map((key) => ({ topic, key, headers: {}, body: `slow ${key}` })))
    await until('all are running', () => journal.started.length === 16)
    const second = await new Worker('second', journal, handle, 50).start(b, options)
    await until('it is being handed over', () => first.handovers > 0)
    await a.publish(keys.map((key) => ({ topic, key: `${key}'`, headers: {}, body: `quick ${key}` })))
    // Those of the partitions that stay are not kept from running.
    await until('quick ones run', () => [...journal.finished].some((id) => id.startsWith('quick')))
    expect(journal.started.every(({ worker }) => worker === 'first')).toBe(true)
    release()
    await until('all are done', () => journal.finished.size === 32)
    expect(journal.duplicates).toEqual([])
    expect(journal.overlaps).toBe(0)
    await Promise.all([first.stop(), second.stop()])
  })

  it('closes at once in the middle of a hand-over', async () => {
    const topic = freshTopic()
    const [a, b] = [await startedAdapter(), await startedAdapter()]
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    let asked = false
    const handover = (): Promise<void> => {
      asked = true
      return new Promise(() => {})
    }
    const consumer = await a.consume({ ...options, handover })
    await a.publish(events(topic, 40, 40))
    let taken = 0
    while (taken < 40) taken += (await consumer.pull(40, AbortSignal.timeout(10_000))).length
    const other = await b.consume(options)
    await until('the hand-over has begun', () => asked)
    const began = Date.now()
    await consumer.close()
    expect(Date.now() - began).toBeLessThan(3_000)
    let again = 0
    while (again < 40) again += (await other.pull(40, AbortSignal.timeout(10_000))).length
    expect(again).toBe(40)
  })

  it('carries the note of what was given back to the next member, at no charge', async () => {
    const topic = freshTopic()
    const [a, b] = [await startedAdapter({ partitions: 1 }), await startedAdapter({ partitions: 1 })]
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    const consumer = await a.consume(options)
    await a.publish(events(topic, 5, 5))
    const loans: Delivery[] = []
    while (loans.length < 5) loans.push(...(await consumer.pull(5, AbortSignal.timeout(10_000))))
    await loans[1]?.ack()
    await loans[4]?.ack()
    await loans[0]?.release('zero ü')
    await loans[2]?.release()
    await loans[3]?.release('"three"')
    await consumer.close()
    const next = await b.consume(options)
    const again: Delivery[] = []
    while (again.length < 3) again.push(...(await next.pull(5, AbortSignal.timeout(10_000))))
    // What was done out of order is not done again either.
    expect(again.map((delivery) => [textOf(delivery), delivery.note, delivery.redeliveries])).toEqual([
      ['0', 'zero ü', 0],
      ['2', undefined, 0],
      ['3', '"three"', 0],
    ])
  })

  it('charges nothing for ten orderly rebalances', async () => {
    const topic = freshTopic()
    const [a, b] = [await startedAdapter({ partitions: 1 }), await startedAdapter({ partitions: 1 })]
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    await a.publish(events(topic, 3, 1))
    for (let round = 0; round < 10; round++) {
      const consumer = await (round % 2 === 0 ? a : b).consume(options)
      const [first] = await consumer.pull(3, AbortSignal.timeout(10_000))
      expect(first?.redeliveries).toBe(0)
      expect(textOf(first as Delivery)).toBe('0')
      await consumer.close()
    }
  })

  it('begins at its pinned end: what is published once consume() resolved is delivered', async () => {
    const adapter = await startedAdapter()
    await Promise.all(
      Array.from({ length: 8 }, async (_, round) => {
        const topic = freshTopic()
        if (round % 2 === 0) await adapter.publish(events(topic, 5, 5))
        const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })
        await adapter.publish([{ topic, key: 'k', headers: {}, body: 'new' }])
        const [delivery] = await consumer.pull(10, AbortSignal.timeout(20_000))
        expect(textOf(delivery as Delivery)).toBe('new')
      }),
    )
  })

  it('keeps the position of a group that was idle and is gone for a while', async () => {
    const adapter = await startedAdapter()
    const topic = freshTopic()
    const options = { topics: [{ topic, startFrom: 'latest' as const }], group: 'g' }
    await (await adapter.consume(options)).close()
    await adapter.publish(events(topic, 8, 8))
    const consumer = await adapter.consume(options)
    const bodies: string[] = []
    while (bodies.length < 8) bodies.push(...(await consumer.pull(8, AbortSignal.timeout(10_000))).map(textOf))
    expect(bodies.toSorted()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  })

  it('gives partitions of the same number, of all of its topics, to the same member', async () => {
    const topic = freshTopic()
    const second = `${topic}.second`
    const [a, b] = [await startedAdapter(), await startedAdapter()]
    const options = {
      topics: [
        { topic, startFrom: 'earliest' as const },
        { topic: second, startFrom: 'earliest' as const },
      ],
      group: 'g',
    }
    const journal = new Journal()
    const workers = [
      await new Worker('a', journal, () => sleep(5)).start(a, options),
      await new Worker('b', journal, () => sleep(5)).start(b, options),
    ]
    await until('both are ready', () => workers.every(({ consumer }) => consumer?.state.status === 'ready'))
    const keys = Array.from({ length: 20 }, (_, n) => `k${n}`)
    await a.publish(
      keys.flatMap((key) => [topic, second].map((name) => ({ topic: name, key, headers: {}, body: `${name} ${key}` }))),
    )
    await until('all are done', () => journal.finished.size === 40)
    for (const key of keys) {
      expect(new Set(journal.started.filter((entry) => entry.key === key).map(({ worker }) => worker)).size).toBe(1)
    }
    expect(journal.overlaps).toBe(0)
    expect(new Set(journal.started.map(({ worker }) => worker)).size).toBe(2)
    await Promise.all(workers.map((worker) => worker.stop()))
  })
})
