import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import { EventBus } from '@bus/core'
import type { Message } from '@bus/core/spi'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'
import { bodyOf, take } from './take.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const plain = (topic: string, body: string, key?: string): Message => ({ topic, headers: {}, body, key })

async function count(adapter: RedisAdapter, topic: string): Promise<number> {
  let events = 0
  for await (const _ of adapter.read({ topic })) events++
  return events
}

describe('what is put aside', () => {
  it('is never early and hardly late, whoever put it aside, also if only consumers are left', async () => {
    const prefix = ownPrefix()
    const [consuming, publishing] = [await adapterAt({ prefix }), await adapterAt({ prefix })]
    await Promise.all([consuming.initialize(), publishing.initialize()])
    const member = await consuming.consume({
      topics: [
        { topic: 't', startFrom: 'earliest' },
        { topic: 't.g.retry', startFrom: 'earliest' },
      ],
      group: 'g',
    })
    const start = Date.now() + 100
    const due = Array.from({ length: 60 }, (_, number) => start + ((number * 37) % 60) * 15)
    await publishing.publish(
      due.map((notBefore, number) => ({
        ...plain(number % 2 === 0 ? 't' : 't.g.retry', `${notBefore}`, number % 3 === 0 ? undefined : `k${number % 5}`),
        notBefore,
      })),
    )
    await publishing.close()
    const late: number[] = []
    while (late.length < due.length) {
      for (const delivery of await take(member, 1)) {
        late.push(Date.now() - Number(bodyOf(delivery)))
        expect(delivery.message.notBefore).toBe(Number(bodyOf(delivery)))
        void delivery.ack()
      }
    }
    late.sort((a, b) => a - b)
    console.log(`late by ${late[30]} ms (median), ${late[58]} ms (p98), ${late.at(-1)} ms at most`)
    expect(late[0]).toBeGreaterThanOrEqual(0)
    // Generous, for a machine that has other work as well; `delayed.drill.ts` has the figure.
    expect(late[54]).toBeLessThan(1_000)
    await consuming.close()
  })

  it('survives a restart of the server', async () => {
    await using server = await startRedis({ how: 'process', args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    const first = new RedisAdapter({ url: server.url })
    await first.initialize()
    const notBefore = Date.now() + 700
    await first.publish([{ ...plain('t', 'x', 'k'), headers: { a: 'b' }, notBefore }])
    await first.close()
    await server.restart()
    const second = new RedisAdapter({ url: server.url })
    await second.initialize()
    const member = await second.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    const [delivery] = await take(member, 1)
    expect(Date.now()).toBeGreaterThanOrEqual(notBefore)
    expect([delivery && bodyOf(delivery), delivery?.message.key, delivery?.message.headers]).toEqual([
      'x',
      'k',
      { a: 'b' },
    ])
    await second.close()
  })
})

describe('retention', () => {
  it('keeps to a length, oldest first over all streams, but spares what a group has not handled', async () => {
    const adapter = await adapterAt({ retention: { maxLength: 500, hardCap: 100_000 } })
    await adapter.initialize()
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    const publishSome = async (from: number): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        await adapter.publish(
          Array.from({ length: 100 }, (_, n) =>
            plain('t', `${from + round * 100 + n}`.padEnd(500, '.'), n % 2 === 0 ? undefined : `k${n % 7}`),
          ),
        )
        // Spread over time: retention tells by the time of an event what is old.
        await sleep(5)
      }
    }
    await publishSome(0)
    // Long enough for retention to come by, which may remove nothing.
    await sleep(2_000)
    expect(await count(adapter, 't')).toBe(2_000)
    let handled = 0
    while (handled < 2_000) {
      const taken = await take(member, Math.min(250, 2_000 - handled))
      handled += taken.length
      await Promise.all(taken.map((delivery) => delivery.ack()))
    }
    await adapter.publish([plain('t', 'one more')])
    await expect.poll(() => count(adapter, 't'), { timeout: 8_000, interval: 300 }).toBeLessThan(900)
    await publishSome(2_000)
    // As above.
    await sleep(2_000)
    // Of what nobody has handled yet nothing is gone.
    expect(await count(adapter, 't')).toBeGreaterThanOrEqual(2_001)
    expect((await adapter.inspect('t', 'g'))?.lag).toBe(2_001)
    await adapter.close()
  })

  it('lets the hard cap win over a group that is left behind, counts what that cost, and says so', async () => {
    const warnings: string[] = []
    const prefix = ownPrefix()
    const adapter = await adapterAt({
      prefix,
      retention: { maxLength: 300, hardCap: 600 },
      warn: (message) => warnings.push(message),
    })
    await adapter.initialize()
    const bus = new EventBus(adapter, 'test', { logger: quiet })
    const told: number[] = []
    bus.on('lost', ({ topic, events }) => topic === 't' && told.push(events))
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'left-behind' })
    await member.close()
    for (let round = 0; round < 20; round++) {
      await adapter.publish(Array.from({ length: 100 }, (_, n) => plain('t', `${n}`.padEnd(500, '.'))))
      // Spread over time: retention tells by the time of an event what is old.
      await sleep(5)
    }
    await expect.poll(() => count(adapter, 't'), { timeout: 8_000, interval: 300 }).toBeLessThan(900)
    expect(warnings.join()).toContain('hardCap')
    const redis = new Redis(await redisUrl())
    expect(Number(await redis.hget(`{${prefix}:t}:meta`, 'lost'))).toBeGreaterThan(1_000)
    redis.disconnect()
    const { lostEvents } = await bus.getStats()
    expect(lostEvents).toBeGreaterThan(1_000)
    expect(told.reduce((sum, one) => sum + one, 0)).toBe(lostEvents)
    await bus.close()
    // The group goes on with what is left.
    const again = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'left-behind' })
    expect((await take(again, 10)).length).toBe(10)
    await adapter.close()
  })

  it('removes what is too old, later where messages are kept on purpose, and spares a slow reader without a group', async () => {
    const adapter = await adapterAt({ retention: { maxAgeMs: 500, keptMaxAgeMs: 60_000 } })
    await adapter.initialize()
    const reader = await adapter.consume({ topics: [{ topic: 'read', startFrom: 'latest' }] })
    const some = (topic: string): Message[] =>
      Array.from({ length: 300 }, (_, n) => plain(topic, `${n}`.padEnd(500, '.')))
    await adapter.publish([
      ...some('t'),
      ...some('read'),
      ...some('dead').map((message): Message => ({ ...message, retention: 'kept' })),
    ])
    await take(reader, 1)
    // They grow old by the server's clock, and retention comes by.
    await sleep(2_500)
    await adapter.publish([plain('t', 'x'), plain('read', 'x'), plain('dead', 'x')])
    await expect.poll(() => count(adapter, 't'), { timeout: 8_000, interval: 300 }).toBeLessThan(50)
    expect(await count(adapter, 'dead')).toBe(301)
    expect((await take(reader, 300)).length).toBe(300)
    await adapter.close()
  })

  it('shows nothing that was to be kept for less long, although it has not been removed yet', async () => {
    const adapter = await adapterAt({ retention: { keptMaxAgeMs: 1_000 } })
    await adapter.initialize()
    const kept = (body: string, topic = 'dead'): Message => ({ ...plain(topic, body, 'k'), retention: 'kept' })
    await adapter.publish([kept('old'), plain('t', 'old'), kept('old', '__dead')])
    // They grow old by the server's clock.
    await sleep(1_200)
    await adapter.publish([kept('new'), plain('t', 'new'), kept('new', '__dead')])
    const bodies = async (topic: string): Promise<string[]> => {
      const found: string[] = []
      for await (const { body } of adapter.read({ topic })) found.push(Buffer.from(body).toString())
      return found
    }
    expect([await bodies('dead'), await bodies('__dead'), await bodies('t')]).toEqual([
      ['new'],
      ['new'],
      ['old', 'new'],
    ])
    await adapter.close()
  })
})
