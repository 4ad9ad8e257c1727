import type { Delivery, StoredMessage } from '@bus/core/spi'
import { stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { logIn, newDirectory, openIn } from './directories.ts'
import { message, take, takeNow, text } from './messages.ts'

const earliest = 'earliest' as const
const bodiesOf = (deliveries: readonly Delivery[]): string[] => deliveries.map((one) => text(one.message))

async function readAll(messages: AsyncIterable<StoredMessage>): Promise<StoredMessage[]> {
  const all: StoredMessage[] = []
  for await (const one of messages) all.push(one)
  return all
}

describe('memory on disk', () => {
  it('goes on after a close where it was: nothing handled comes again, and everything else does', async () => {
    const directory = newDirectory()
    const first = await openIn(directory)
    const consumer = await first.consume({ topics: [{ topic: 't', startFrom: earliest }], group: 'g' })
    await first.publish(['1', '2', '3', '4', '5'].map((body) => message('t', body, { headers: { n: body } })))
    const loans = await take(consumer, 4)
    await loans[0]?.ack()
    await loans[2]?.ack()
    await loans[1]?.release('a note, Grüße')
    const before = await readAll(first.read({ topic: 't' }))
    await first.close()

    const second = await openIn(directory)
    expect(await second.inspect('t', 'g')).toMatchObject({ lag: 3, pending: 0 })
    const after = await readAll(second.read({ topic: 't' }))
    const facts = ({ position, storedAt, headers, body }: StoredMessage): unknown => ({
      position,
      storedAt,
      headers,
      body,
    })
    expect(after.map(facts)).toEqual(before.map(facts))
    await second.publish([message('t', '6')])
    const again = await second.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    const left = await take(again, 4)
    expect(bodiesOf(left)).toEqual(['2', '4', '5', '6'])
    expect(left.map(({ note }) => note)).toEqual(['a note, Grüße', undefined, undefined, undefined])
    expect(left.at(-1)?.message.position).toBe('0000000000000006')
    for (const loan of left) await loan.ack()
    await second.close()

    const third = await openIn(directory)
    expect(await third.inspect('t', 'g')).toMatchObject({ lag: 0, pending: 0, oldestPendingMs: 0 })
  })

  it('keeps what is delayed, and delivers at once what became due meanwhile', async () => {
    const directory = newDirectory()
    const first = await openIn(directory)
    const soon = Date.now() + 50
    await first.publish([
      message('t', 'much later', { notBefore: soon + 3_600_000 }),
      message('t', 'second', { notBefore: soon + 1 }),
      message('t', 'first', { notBefore: soon }),
    ])
    await first.close()
    expect(await first.listTopics().catch(({ code }: { code: string }) => code)).toBe('BUS_CLOSED')

    const second = await openIn(directory)
    const consumer = await second.consume({ topics: [{ topic: 't', startFrom: earliest }], group: 'g' })
    expect(bodiesOf(await take(consumer, 2))).toEqual(['first', 'second'])
    await second.close()

    const third = await openIn(directory)
    const again = await third.consume({ topics: [{ topic: 't', startFrom: earliest }], group: 'g' })
    expect(bodiesOf(await take(again, 2))).toEqual(['first', 'second'])
    expect(bodiesOf(await takeNow(again))).toEqual([])
  })

  it('stores a copy and settles its source in one step', async () => {
    const directory = newDirectory()
    const first = await openIn(directory)
    const consumer = await first.consume({ topics: [{ topic: 't', startFrom: earliest }], group: 'g' })
    await first.publish([message('t', 'x')])
    const [loan] = await take(consumer, 1)
    const forwarding = loan?.forward?.(message('t.g.dlq', 'x', { retention: 'kept' }))
    await consumer.close()
    await forwarding
    expect(await first.inspect('t', 'g')).toMatchObject({ lag: 0, pending: 0 })
    await first.close()

    const second = await openIn(directory, { maxHistorySize: 0 })
    expect(await second.inspect('t', 'g')).toMatchObject({ lag: 0, pending: 0 })
    const [letter, ...others] = await readAll(second.read({ topic: 't.g.dlq' }))
    expect([letter && text(letter), letter?.retention, others]).toEqual(['x', 'kept', []])
  })

  it('keeps a key with one member over both topics of a group that it found on disk', async () => {
    const directory = newDirectory()
    const topics = ['t', 't.g.retry'].map((topic) => ({ topic, startFrom: earliest }))
    const first = await openIn(directory)
    await (await first.consume({ topics, group: 'g' })).close()
    await first.close()

    const second = await openIn(directory)
    const one = await second.consume({ topics, group: 'g' })
    const two = await second.consume({ topics, group: 'g' })
    await second.publish([message('t', 'a1', { key: 'a' })])
    const [a1] = await take(one, 1)
    await second.publish([message('t.g.retry', 'a2', { key: 'a' })])
    expect(await takeNow(two)).toEqual([])
    await a1?.ack()
    expect(bodiesOf(await take(two, 1))).toEqual(['a2'])
  })

  it('forgets a group that was deleted, and a history that was cleared', async () => {
    const directory = newDirectory()
    const first = await openIn(directory)
    const group = await first.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'gone' })
    await first.publish([message('t', 'old')])
    await group.close()
    await first.deleteGroup('t', 'gone')
    first.clearHistory('t')
    await first.publish([message('t', 'new')])
    await first.close()

    const second = await openIn(directory)
    expect(await second.inspect('t', 'gone')).toBeUndefined()
    expect((await readAll(second.read({ topic: 't' }))).map(text)).toEqual(['new'])
  })

  it('does not grow with what was handled, and drops neither what was not nor what is kept', async () => {
    const directory = newDirectory()
    const first = await openIn(directory, { maxHistorySize: 5 })
    const busy = await first.consume({ topics: [{ topic: 'busy', startFrom: earliest }], group: 'g' })
    await (await first.consume({ topics: [{ topic: 'slow', startFrom: earliest }], group: 'g' })).close()
    await first.publish([message('slow', 'waits'), message('dead', 'letter', { retention: 'kept' })])
    await first.publish([message('later', 'due in an hour', { notBefore: Date.now() + 3_600_000 })])
    const body = 'x'.repeat(200_000)
    let largest = 0
    for (let number = 0; number < 100; number++) {
      await first.publish([message('busy', `${number} ${body}`)])
      for (const loan of await take(busy, 1)) await loan.ack()
      largest = Math.max(largest, (await stat(logIn(directory))).size)
    }
    expect(largest).toBeLessThan(10_000_000)
    await first.close()

    const second = await openIn(directory, { maxHistorySize: 5 })
    const history = (await readAll(second.read({ topic: 'busy' }))).map((one) => Number(text(one).split(' ')[0]))
    expect(history.slice(-5)).toEqual([95, 96, 97, 98, 99])
    expect((await readAll(second.read({ topic: 'dead' }))).map(text)).toEqual(['letter'])
    const slow = await second.consume({ topics: [{ topic: 'slow', startFrom: 'latest' }], group: 'g' })
    expect(bodiesOf(await take(slow, 1))).toEqual(['waits'])
    expect(await second.inspect('busy', 'g')).toMatchObject({ lag: 0, pending: 0, oldestPendingMs: 0 })
    expect(await second.listTopics()).toContain('later')
  })

  it('says what it survives', async () => {
    const always = await openIn(newDirectory(), { fsync: 'always' })
    expect(always.capabilities.durable).toBe(true)
    expect(await always.durability()).toMatchObject({ settings: { fsync: 'always' }, warnings: [] })
    const interval = await openIn(newDirectory(), { fsyncIntervalMs: 20 })
    const { summary, settings } = await interval.durability()
    expect(summary).toContain('20 ms')
    expect(settings).toMatchObject({ fsync: 'interval', fsyncIntervalMs: '20' })
  })
})
