import { InMemoryAdapter } from '@bus/adapter-memory'
import type { StoredMessage } from '@bus/core/spi'
import { describe, expect, it } from 'vitest'
import { TopicLog } from '../src/topic-log.ts'
import { message, take, takeNow, text } from './messages.ts'

async function stored(adapter: InMemoryAdapter, topic = 't'): Promise<string[]> {
  const found: StoredMessage[] = []
  for await (const one of adapter.read({ topic })) found.push(one)
  return found.map(text)
}

async function publishNumbers(adapter: InMemoryAdapter, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await adapter.publish([message('t', String(number))])
}

describe('history in memory', () => {
  it('keeps the newest maxHistorySize events that were handled', async () => {
    const adapter = new InMemoryAdapter({ maxHistorySize: 3 })
    await publishNumbers(adapter, 1, 10)
    expect(await stored(adapter)).toEqual(['8', '9', '10'])
  })

  it('counts handled events only: what a group has not settled stays as well', async () => {
    const adapter = new InMemoryAdapter({ maxHistorySize: 2 })
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await publishNumbers(adapter, 1, 8)
    const [first, ...others] = await take(consumer, 6)
    for (const delivery of others) await delivery.ack()
    expect(await stored(adapter)).toEqual(['1', '5', '6', '7', '8'])
    await first?.ack()
    expect(await stored(adapter)).toEqual(['5', '6', '7', '8'])
  })

  it('never drops what was published to be kept', async () => {
    const adapter = new InMemoryAdapter({ maxHistorySize: 1 })
    await adapter.publish([message('t', 'kept', { retention: 'kept' })])
    await publishNumbers(adapter, 1, 5_000)
    expect(await stored(adapter)).toEqual(['kept', '5000'])
    const late = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'late' })
    expect((await take(late, 2)).map((delivery) => text(delivery.message))).toEqual(['kept', '5000'])
  })

  it('holds no more than it says, whatever passes through', async () => {
    const adapter = new InMemoryAdapter({ maxHistorySize: 10 })
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    let last: StoredMessage | undefined
    for (let round = 0; round < 50; round++) {
      await publishNumbers(adapter, round * 100 + 1, round * 100 + 100)
      for (const delivery of await take(consumer, 100)) {
        last = delivery.message
        await delivery.ack()
      }
    }
    expect(Number(last?.position)).toBe(5_000)
    expect(await stored(adapter)).toHaveLength(10)
  })

  it('lets go of old messages by itself, whether they are consumed or not', () => {
    const log = new TopicLog(10)
    const consumer = { cursor: 10_001 }
    for (let number = 1; number <= 30_000; number++) {
      log.append(message('t', 'x'), number)
      if (number === 10_000) log.readers.push(consumer)
      // Five behind, but for the times when it is idle and falls behind by a thousand.
      if (number > 10_006 && number % 3_000 > 1_000) consumer.cursor = number - 5
      const settled = Math.min(consumer.cursor, number + 1) - (log.from(1)?.sequence ?? 0)
      if (settled < 0 || settled > 3_000) expect.unreachable(`${settled} settled messages are kept after ${number}.`)
    }
  })

  it('is not held up by a group that was deleted, or a consumer that has closed', async () => {
    const adapter = new InMemoryAdapter({ maxHistorySize: 1 })
    const loner = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await publishNumbers(adapter, 1, 5)
    await member.close()
    await loner.close()
    expect(await stored(adapter)).toHaveLength(5)
    await adapter.deleteGroup('t', 'g')
    expect(await stored(adapter)).toEqual(['5'])
  })

  it('shows events to the application and forgets them when told to', async () => {
    const adapter = new InMemoryAdapter()
    const body = {
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 'created',
      time: '2026-01-01T00:00:00.000Z',
      data: { a: 1 },
    }
    const eventMessage = (topic: string): ReturnType<typeof message> => message(topic, JSON.stringify(body))
    await adapter.publish([eventMessage('a'), eventMessage('b')])
    expect(adapter.getHistory('a')).toMatchObject([
      { type: 'created', payload: { a: 1 }, metadata: { eventId: '1', source: 's' } },
    ])
    adapter.clearHistory('a')
    expect(adapter.getHistory('a')).toEqual([])
    expect(adapter.getHistory('b')).toHaveLength(1)
    adapter.clearHistory()
    expect(adapter.getHistory('b')).toEqual([])
    expect(adapter.getHistory('unknown')).toEqual([])
  })

  it('clears what was kept, but takes nothing away from a group', async () => {
    const adapter = new InMemoryAdapter()
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await adapter.publish([message('t', 'kept', { retention: 'kept' })])
    await publishNumbers(adapter, 1, 2)
    adapter.clearHistory()
    expect(await stored(adapter)).toEqual([])
    const late = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'late' })
    expect(await takeNow(late)).toEqual([])
    const deliveries = await take(consumer, 3)
    expect(deliveries.map((delivery) => text(delivery.message))).toEqual(['kept', '1', '2'])
    for (const delivery of deliveries) await delivery.ack()
    await publishNumbers(adapter, 3, 3)
    expect(await stored(adapter)).toEqual(['3'])
  })
})
