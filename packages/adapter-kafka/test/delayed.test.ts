import type { Consumer } from '@bus/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import { closeAdapters, startedAdapter } from './kafka.ts'
import { freshTopic, until } from './worker.ts'

afterEach(closeAdapters)

interface Seen {
  readonly body: string
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly at: number
}

/** Takes and acknowledges whatever comes. */
function recorder(consumer: Consumer): readonly Seen[] {
  const seen: Seen[] = []
  const stop = new AbortController()
  void (async () => {
    for (;;) {
      const deliveries = await consumer.pull(100, stop.signal)
      if (deliveries.length === 0) return
      for (const delivery of deliveries) {
        const { body, key, headers } = delivery.message
        seen.push({ body: Buffer.from(body).toString(), key, headers, at: Date.now() })
        await delivery.ack()
      }
    }
  })()
  return seen
}

describe('what is put off', () => {
  it('waits where nobody sees it, and comes once to each group and reader, as it was, when it is due', async () => {
    const topic = freshTopic()
    const [one, two] = [await startedAdapter(), await startedAdapter()]
    const consumers = await Promise.all(
      ['g', 'h', undefined].map((group) => two.consume({ topics: [{ topic, startFrom: 'latest' }], group })),
    )
    const recorders = consumers.map(recorder)
    const due = Date.now() + 1_500
    const delayed = { topic, key: 'k', headers: { a: 'b' }, notBefore: due }
    await one.publish([
      { ...delayed, body: 'later' },
      { ...delayed, body: 'last', notBefore: due + 200 },
      { topic, headers: {}, body: 'now' },
    ])
    await until('what is not put off is there', () => recorders.every((seen) => seen.length === 1))
    const inTopic: string[] = []
    for await (const { body } of two.read({ topic })) inTopic.push(Buffer.from(body).toString())
    expect(inTopic).toEqual(['now'])
    await until('all is there', () => recorders.every((seen) => seen.length === 3))
    for (const seen of recorders) {
      expect(seen.map(({ body }) => body)).toEqual(['now', 'later', 'last'])
      expect(seen[1]).toMatchObject({ key: 'k', headers: { a: 'b' } })
      expect(seen[1]?.at).toBeGreaterThanOrEqual(due)
      expect(seen[2]?.at).toBeGreaterThanOrEqual(due + 200)
      console.log(`put off: ${(seen[1]?.at ?? 0) - due} ms late`)
    }
  })

  it('outlives everybody; what became due meanwhile comes with the next consumer of the topic', async () => {
    const topic = freshTopic()
    const one = await startedAdapter()
    await (await one.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })).close()
    const due = Date.now() + 700
    await one.publish([{ topic, headers: {}, body: 'x', notBefore: due }])
    await one.close()
    await until('it is due', () => Date.now() > due)
    const two = await startedAdapter()
    const inTopic = async (): Promise<number> => {
      let count = 0
      for await (const _ of two.read({ topic })) count++
      return count
    }
    expect(await inTopic()).toBe(0)
    const seen = recorder(await two.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' }))
    await until('it comes', () => seen.length === 1)
    expect(await inTopic()).toBe(1)
  })

  it('comes once, whoever comes and goes in an orderly way meanwhile', async () => {
    const topic = freshTopic()
    const count = 600
    const last = await startedAdapter()
    const seen = recorder(await last.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' }))
    const start = Date.now()
    let [current, next] = [await startedAdapter(), await startedAdapter()]
    for (let round = 0; round < 6; round++) {
      const messages = Array.from({ length: count / 6 }, (_, n) => ({
        topic,
        key: `k${n}`,
        headers: {},
        body: `${round}/${n}`,
        notBefore: start + 1_000 + ((n * 7919) % 5_000),
      }))
      await next.publish(messages)
      await current.close()
      ;[current, next] = [next, await startedAdapter()]
    }
    await until('all is there', () => new Set(seen.map(({ body }) => body)).size === count)
    const inTopic: string[] = []
    for await (const { body } of last.read({ topic })) inTopic.push(Buffer.from(body).toString())
    expect(inTopic.length).toBe(count)
    expect(seen.length).toBe(count)
  })

  it('does not hold up what is due sooner, however much of it there is', { timeout: 90_000 }, async () => {
    const topic = freshTopic()
    const adapter = await startedAdapter({ partitions: 2 })
    const seen = recorder(await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' }))
    const far = Date.now() + 3_600_000
    for (let n = 0; n < 13_000; n += 1_000) {
      const messages = Array.from({ length: 1_000 }, (_, m) => ({
        topic,
        headers: {},
        body: `far ${n + m}`,
        notBefore: far + n + m,
      }))
      await adapter.publish(messages)
    }
    const due = Date.now() + 500
    await adapter.publish([{ topic, headers: {}, body: 'soon', notBefore: due }])
    await until('it comes', () => seen.length === 1)
    expect(seen[0]?.body).toBe('soon')
    console.log(`behind 13,000 that are due later: ${(seen[0]?.at ?? 0) - due} ms late`)
  })

  it('is stored for a topic that nobody has used yet', async () => {
    const topic = freshTopic()
    const adapter = await startedAdapter()
    await adapter.publish([{ topic, headers: {}, body: 'x', notBefore: Date.now() + 60_000 }])
    expect((await adapter.listTopics()).filter((name) => name.startsWith(topic)).toSorted()).toEqual([
      topic,
      `${topic}.delayed`,
    ])
  })
})

describe('a group that puts off what it cannot handle', () => {
  it('gets it in the order in which it is due, from its second topic, which others do not see', async () => {
    const topic = freshTopic()
    const own = `${topic}.g.retry`
    const adapter = await startedAdapter({ partitions: 1 })
    const topics = [
      { topic, startFrom: 'latest' as const },
      { topic: own, startFrom: 'latest' as const },
    ]
    const consumer = await adapter.consume({ topics, group: 'g' })
    const start = Date.now()
    await adapter.publish(
      [900, 300, 600].map((ms) => ({ topic: own, key: 'k', headers: {}, body: `${ms}`, notBefore: start + ms })),
    )
    await adapter.publish([{ topic, key: 'k', headers: {}, body: '0' }])
    const seen = recorder(consumer)
    await until('all is there', () => seen.length === 4)
    expect(seen.map(({ body }) => body)).toEqual(['0', '300', '600', '900'])
    for (const { body, at } of seen) expect(at).toBeGreaterThanOrEqual(start + Number(body))
  })
})
