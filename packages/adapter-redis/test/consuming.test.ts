import { RedisAdapter } from '@bus/adapter-redis'
import type { Consumer, Message } from '@bus/core/spi'
import { startProxy, startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { partitionOf } from '../src/topics/partition.ts'
import { adapterAt, leaseMs, ownPrefix, redisUrl } from './redis.ts'
import { bodyOf, take } from './take.ts'

const plain = (topic: string, body: string, key?: string): Message => ({ topic, headers: {}, body, key })
const numbered = (topic: string, count: number, key?: string): Message[] =>
  Array.from({ length: count }, (_, number) => plain(topic, `${number}`, key))
const join = (adapter: RedisAdapter, topic: string): Promise<Consumer> =>
  adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })

describe('a member that the server cannot hear', () => {
  for (const key of [undefined, 'k']) {
    it(`loses its loans to the others after its lease, and can record nothing any more (${key === undefined ? 'no key' : 'keyed'})`, async () => {
      const { hostname, port } = new URL(await redisUrl())
      await using proxy = await startProxy({ host: hostname, port: Number(port) })
      const prefix = ownPrefix()
      const [far, near] = [
        new RedisAdapter({ host: proxy.host, port: proxy.port, prefix, leaseMs }),
        await adapterAt({ prefix }),
      ]
      await Promise.all([far.initialize(), near.initialize()])
      const stalled = await join(far, 't')
      await near.publish(numbered('t', 5, key))
      const held = await take(stalled, 5)
      const other = await join(near, 't')
      proxy.cut()
      const started = performance.now()
      const again = []
      while (again.length < 5) {
        const [delivery] = await take(other, 1)
        if (delivery === undefined) break
        again.push(delivery)
        // All at once: nobody waits for what others do.
        expect(performance.now() - started).toBeLessThan(leaseMs + 2 * (leaseMs / 4) + 500)
      }
      await Promise.all(again.map((delivery) => delivery.ack()))
      expect(again.map(bodyOf)).toEqual(['0', '1', '2', '3', '4'])
      expect(again.map(({ redeliveries }) => redeliveries)).toEqual([1, 1, 1, 1, 1])
      // The peer is on its way with one more; what the stalled member says now counts for nothing.
      await near.publish([plain('t', 'last', key)])
      const [last] = await take(other, 1)
      proxy.restore()
      await Promise.all(held.map((delivery) => delivery.ack()))
      await Promise.all(held.map((delivery) => delivery.release()))
      expect((await near.inspect('t', 'g'))?.pending).toBe(1)
      await last?.ack()
      expect((await near.inspect('t', 'g'))?.pending).toBe(0)
      await near.publish([plain('t', 'new', key)])
      const [fresh] = await Promise.race([take(stalled, 1), take(other, 1)])
      expect(fresh && bodyOf(fresh)).toBe('new')
      expect(fresh?.redeliveries).toBe(0)
      await Promise.all([far.close(), near.close()])
    })
  }

  it('keeps its loans over a break that is shorter than its lease, uncharged, and misses nothing', async () => {
    const { hostname, port } = new URL(await redisUrl())
    await using proxy = await startProxy({ host: hostname, port: Number(port) })
    const prefix = ownPrefix()
    const [far, near] = [
      new RedisAdapter({ host: proxy.host, port: proxy.port, prefix, leaseMs: 3_000 }),
      await adapterAt({ prefix, leaseMs: 3_000 }),
    ]
    await Promise.all([far.initialize(), near.initialize()])
    const member = await join(far, 't')
    await near.publish([...numbered('t', 20), ...numbered('t', 20, 'k')])
    const taken = await take(member, 40)
    let running = true
    const handled: string[] = []
    const pulling = (async () => {
      while (running) {
        for (const delivery of await take(member, 10, 200)) {
          expect(delivery.redeliveries).toBe(0)
          handled.push(bodyOf(delivery))
          void delivery.ack()
        }
      }
    })()
    for (let round = 0; round < 5; round++) {
      await near.publish([plain('t', `a${round}`), plain('t', `b${round}`, 'k')])
      await expect.poll(() => handled.length, { timeout: 5_000, interval: 10 }).toBe(4 * round + 2)
      proxy.reset()
      await near.publish([plain('t', `c${round}`), plain('t', `d${round}`, 'k')])
      await expect.poll(() => handled.length, { timeout: 5_000, interval: 10 }).toBe(4 * round + 4)
    }
    running = false
    await pulling
    expect(handled.filter((body) => 'bd'.includes(body[0] as string))).toEqual([
      'b0',
      'd0',
      'b1',
      'd1',
      'b2',
      'd2',
      'b3',
      'd3',
      'b4',
      'd4',
    ])
    expect((await near.inspect('t', 'g'))?.pending).toBe(40)
    await Promise.all(taken.map((delivery) => delivery.ack()))
    expect((await near.inspect('t', 'g'))?.pending).toBe(0)
    await Promise.all([far.close(), near.close()])
  })
})

describe('loans', () => {
  it('take their note along to another member', async () => {
    const prefix = ownPrefix()
    const [one, two] = [await adapterAt({ prefix }), await adapterAt({ prefix })]
    await Promise.all([one.initialize(), two.initialize()])
    const first = await join(one, 't')
    await one.publish([plain('t', 'x'), plain('t', 'y', 'k')])
    for (const delivery of await take(first, 2)) await delivery.release(`note of ${bodyOf(delivery)}`)
    await first.close()
    const second = await join(two, 't')
    const taken = await take(second, 2)
    expect(
      taken
        .map((delivery) => [bodyOf(delivery), delivery.note, delivery.redeliveries])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ).toEqual([
      ['x', 'note of x', 0],
      ['y', 'note of y', 0],
    ])
    await Promise.all(taken.map((delivery) => delivery.ack()))
    const redis = new Redis(await redisUrl())
    expect(await redis.exists(`{${prefix}:t}:notes:g`)).toBe(0)
    redis.disconnect()
    await Promise.all([one.close(), two.close()])
  })

  it('come together after a death, one at a time after another one, and giving one back unstarted charges nothing', async () => {
    const prefix = ownPrefix()
    const { hostname, port } = new URL(await redisUrl())
    const die = async (taking: number): Promise<void> => {
      await using proxy = await startProxy({ host: hostname, port: Number(port) })
      const dying = new RedisAdapter({ host: proxy.host, port: proxy.port, prefix, leaseMs: 400, warn: () => {} })
      await dying.initialize()
      const gone = await join(dying, 't')
      const taken = await take(gone, taking, 5_000)
      expect(taken).toHaveLength(taking)
      proxy.cut()
      await dying.close()
    }
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    await adapter.publish([...numbered('t', 3), ...numbered('t', 3, 'k')])
    await die(6)
    await die(6)
    let member = await join(adapter, 't')
    for (let round = 0; round < 3; round++) {
      const [suspect, ...more] = await take(member, 2, 1_500)
      expect(more).toEqual([])
      expect(suspect?.redeliveries).toBe(1)
      if (round === 1) {
        await member.close()
        member = await join(adapter, 't')
      } else await suspect?.release()
    }
    const counts: number[] = []
    for (let n = 0; n < 6; n++) {
      const [delivery] = await take(member, 1)
      counts.push(delivery?.redeliveries ?? -1)
      await delivery?.ack()
    }
    expect(counts).toEqual([1, 1, 1, 1, 1, 1])
    await adapter.close()
  })
})

describe('a group that is gone from the server', () => {
  it('is made again after FLUSHALL, and everything published from then on arrives', async () => {
    await using server = await startRedis({ how: 'process' })
    const warnings: string[] = []
    const adapter = new RedisAdapter({ url: server.url, leaseMs: 600, warn: (message) => warnings.push(message) })
    await adapter.initialize()
    const member = await join(adapter, 't')
    await adapter.publish([plain('t', 'before'), plain('t', 'before too', 'k')])
    for (const delivery of await take(member, 2)) await delivery.ack()
    const redis = new Redis(server.url)
    await redis.flushall()
    const waiting = take(member, 2)
    await adapter.publish([plain('t', 'a'), plain('t', 'b', 'k')])
    const taken = await waiting
    await adapter.publish([plain('t', 'c'), plain('t', 'd', 'k')])
    taken.push(...(await take(member, 2)))
    expect(taken.map(bodyOf).sort()).toEqual(['a', 'b', 'c', 'd'])
    await Promise.all(taken.map((delivery) => delivery.ack()))
    expect(await adapter.listTopics()).toContain('t')
    expect(warnings.length).toBeLessThan(5)
    redis.disconnect()
    await adapter.close()
  })

  it('goes on at the lowest message of a partition that was open', async () => {
    const prefix = ownPrefix()
    const adapter = await adapterAt({ prefix, warn: () => {} })
    await adapter.initialize()
    const member = await join(adapter, 't')
    await adapter.publish(numbered('t', 10, 'k'))
    const taken = await take(member, 10)
    await Promise.all(taken.slice(0, 5).map((delivery) => delivery.ack()))
    const redis = new Redis(await redisUrl())
    await redis.xgroup('DESTROY', `{${prefix}:t}:${partitionOf('k', 16)}`, 'g')
    await adapter.publish([plain('t', 'new', 'k')])
    const [next, ...more] = await take(member, 1)
    expect(next && bodyOf(next)).toBe('new')
    expect(more).toEqual([])
    await Promise.all([...taken, next].map((delivery) => delivery?.ack()))
    await expect.poll(async () => (await adapter.inspect('t', 'g'))?.pending).toBe(0)
    redis.disconnect()
    await adapter.close()
  })
})
