import { EventBus } from '@bus/core'
import { expect, it } from 'vitest'
import { adapterAt, ownPrefix } from './redis.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

it('accounts for every event id also where the hard cap of retention removes some', async () => {
  const adapter = await adapterAt({ prefix: ownPrefix(), retention: { maxLength: 300, hardCap: 600 }, warn: () => {} })
  const bus = new EventBus(adapter, 'test', { logger: quiet })
  const handled: string[] = []
  const buried: string[] = []
  bus.on('deadLetter', ({ eventId }) => buried.push(eventId ?? ''))
  const join = (): Promise<string> =>
    bus.subscribe(
      'orders',
      ({ payload, metadata }) => {
        if (payload.n % 10 === 0) throw new Error('no')
        handled.push(metadata.eventId)
      },
      { consumerGroup: 'billing', useDLQ: true, maxRetries: 0 },
    )
  await bus.unsubscribe(await join())
  const published: string[] = []
  for (let round = 0; round < 20; round++) {
    const entries = Array.from({ length: 100 }, (_, n) => ({ type: 'placed', payload: { n, text: '.'.repeat(500) } }))
    const events = await bus.publishBatch('orders', entries)
    published.push(...events.map(({ metadata }) => metadata.eventId))
  }
  const stored = async (): Promise<Set<string>> => {
    const ids = new Set<string>()
    for await (const { metadata } of bus.history('orders')) ids.add(metadata.eventId)
    return ids
  }
  await expect.poll(async () => (await stored()).size, { timeout: 10_000, interval: 200 }).toBeLessThan(1_000)
  await join()
  const group = async () => (await bus.getStats()).groups[0]
  await expect
    .poll(async () => ((await group())?.lag ?? 1) + ((await group())?.pending ?? 1), { timeout: 20_000, interval: 100 })
    .toBe(0)
  const [found, topics] = [await group(), (await bus.getStats()).topics]
  expect(topics).toMatchObject([{ topic: 'orders', published: published.length }])
  const kept = new Set([...handled, ...buried])
  expect(kept.size).toBe(handled.length + buried.length)
  const trimmed = published.filter((id) => !kept.has(id))
  expect(trimmed.length).toBeGreaterThan(500)
  // What is gone is gone from the topic as well, and counted: nothing was skipped.
  const still = await stored()
  expect(trimmed.filter((id) => still.has(id))).toEqual([])
  // At most so many: what a member had in hand when it was removed may be counted as well.
  expect(topics[0]?.lost).toBeGreaterThanOrEqual(trimmed.length)
  expect(found).toMatchObject({ deadLetters: buried.length, counters: { succeeded: handled.length } })
  await bus.close()
  await adapter.close()
})
