import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import type { Consumer, Delivery, Message } from '@bus/core/spi'
import { startProxy, startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { partitionOf } from '../src/topics/partition.ts'
import { adapterAt, leaseMs, ownPrefix, redisUrl } from './redis.ts'
import { bodyOf, take } from './take.ts'

const plain = (topic: string, body: string, key?: string): Message => ({ topic, headers: {}, body, key })
const join = (adapter: RedisAdapter, topic = 't'): Promise<Consumer> =>
  adapter.consume({ topics: [{ topic, startFrom: 'earliest' }], group: 'g' })
const idOf = ({ message }: Delivery): string => (message as unknown as { id: string }).id
const raw = new Redis(await redisUrl())
afterAll(() => raw.disconnect())

describe('what a dead member had', () => {
  it('keeps coming after one of it turned out to be lost', async () => {
    const prefix = ownPrefix()
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    const member = await join(adapter)
    await adapter.publish([plain('t', '1'), plain('t', '2'), plain('t', '3')])
    await raw.call('XREADGROUP', 'GROUP', 'g', 'lost', 'STREAMS', `{${prefix}:t}`, '>')
    const [first] = await take(member, 1, 3_000)
    await raw.xack(`{${prefix}:t}`, 'g', idOf(first as Delivery))
    await expect(first?.forward?.(plain('t.g.copies', 'copy'))).rejects.toMatchObject({ code: 'BUS_LOAN_LOST' })
    for (const body of ['2', '3']) {
      const [next] = await take(member, 1, 3_000)
      expect(next && bodyOf(next)).toBe(body)
      await next?.ack()
    }
    await adapter.close()
  })

  it('comes soon and whole, although each takes its share and others died with it unnoticed', async () => {
    const prefix = ownPrefix()
    // Nobody looks by the clock while this runs.
    const adapter = await adapterAt({ prefix, leaseMs: 600_000 })
    await adapter.initialize()
    const member = await join(adapter)
    await adapter.publish(Array.from({ length: 20 }, (_, n) => plain('t', `${n}`)))
    await raw.call('XREADGROUP', 'GROUP', 'g', 'lost', 'STREAMS', `{${prefix}:t}`, '>')
    for (let n = 0; n < 5; n++) await raw.zadd(`{${prefix}:t}:members:g`, Date.now() + 600_000, `dead:${n}:x`)
    await raw.xadd(`{${prefix}:t}:bell:g`, '*', 'n', '0')
    expect(await take(member, 20, 8_000)).toHaveLength(20)
    await adapter.close()
  })

  it('is handed over uncharged if nobody has begun it, and no obstacle to what else there is', async () => {
    const prefix = ownPrefix()
    const [one, two] = [await adapterAt({ prefix, partitions: 2 }), await adapterAt({ prefix, partitions: 2 })]
    await Promise.all([one.initialize(), two.initialize()])
    await (await join(one)).close()
    const keys = [0, 1].map((n) => ['a', 'b', 'c', 'd', 'e'].find((key) => partitionOf(key, 2) === n) as string)
    await one.publish([plain('t', '1', keys[0]), plain('t', '2', keys[0])])
    await raw.call('XREADGROUP', 'GROUP', 'g', 'owner', 'STREAMS', `{${prefix}:t}:0`, '>')
    await raw.hset(`{${prefix}:t}:leases:g`, '0', '- 7 1')
    await one.publish([3, 4, 5].map((body) => plain('t', `${body}`, keys[1])))
    const member = await join(one)
    // Fetched, but not taken: by then nobody asks any more.
    const gone = new AbortController()
    const pulled = member.pull(10, gone.signal)
    gone.abort()
    expect(await pulled).toEqual([])
    await expect
      .poll(async () => ((await raw.call('XPENDING', `{${prefix}:t}:0`, 'g', '-', '+', 1)) as unknown[][])[0]?.[3])
      .toBeGreaterThan(1)
    const other = await join(two)
    const [first] = await take(other, 1, 5_000)
    expect([first && bodyOf(first), first?.redeliveries]).toEqual(['1', 1])
    expect((await take(member, 3, 2_000)).map(bodyOf)).toEqual(['3', '4', '5'])
    await one.publish([plain('t', 'no key')])
    await raw.call('XREADGROUP', 'GROUP', 'g', 'lost', 'STREAMS', `{${prefix}:t}`, '>')
    expect((await take(member, 1, 3_000)).map(bodyOf)).toEqual(['no key'])
    await Promise.all([one.close(), two.close()])
  })
})

describe('a group that is gone from the server', () => {
  it('goes on with what other members had, too', async () => {
    const prefix = ownPrefix()
    const [one, two] = [await adapterAt({ prefix }), await adapterAt({ prefix })]
    await Promise.all([one.initialize(), two.initialize()])
    const [first, second] = [await join(one), await join(two)]
    await one.publish([plain('t', '1'), plain('t', '2')])
    expect((await take(first, 1)).map(bodyOf)).toEqual(['1'])
    expect((await take(second, 1)).map(bodyOf)).toEqual(['2'])
    await raw.call('XGROUP', 'DESTROY', `{${prefix}:t}`, 'g')
    expect((await take(second, 1, 3_000)).map(bodyOf)).toEqual(['1'])
    await Promise.all([one.close(), two.close()])
  })

  it('lends nothing twice that was given back and waits for its turn', async () => {
    const prefix = ownPrefix()
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    const member = await join(adapter)
    await adapter.publish([plain('t', '1', 'k'), plain('t', '2', 'k')])
    const [first, second] = await take(member, 2)
    await second?.release()
    await raw.call('XGROUP', 'DESTROY', `{${prefix}:t}:${partitionOf('k', 16)}`, 'g')
    expect(await take(member, 1, 1_000)).toEqual([])
    await first?.ack()
    const again = await take(member, 2, 1_500)
    expect(again.map(bodyOf)).toEqual(['2'])
    await again[0]?.ack()
    await expect.poll(async () => (await adapter.inspect('t', 'g'))?.pending).toBe(0)
    await adapter.close()
  })
})

describe('after a break', () => {
  it('finds also what the server did only later with the last words of the old connection', async () => {
    const { hostname, port } = new URL(await redisUrl())
    await using proxy = await startProxy({ host: hostname, port: Number(port) })
    const prefix = ownPrefix()
    const adapter = new RedisAdapter({ host: proxy.host, port: proxy.port, prefix, leaseMs })
    await adapter.initialize()
    const member = await join(adapter)
    // What is asked for behind the wait gets no answer.
    const taking = take(member, 1, 5 * leaseMs)
    await sleep(leaseMs / 2)
    proxy.cut()
    // Until it has left this process: nothing tells.
    await sleep(50)
    proxy.reset()
    proxy.restore()
    // Until it has looked what it has, and found nothing: nothing tells.
    await sleep(leaseMs / 2)
    const [me = ''] = await raw.zrange(`{${prefix}:t}:members:g`, '0', '-1')
    await raw
      .multi()
      .xadd(`{${prefix}:t}`, '*', 'body', 'x')
      .xreadgroup('GROUP', 'g', me, 'COUNT', '1', 'STREAMS', `{${prefix}:t}`, '>')
      .exec()
    expect((await taking).map(bodyOf)).toEqual(['x'])
    await adapter.close()
  })

  it('sends one batch alone until the server knows the script again', async () => {
    // Of its own: on a server that others use, they may teach it the script.
    await using server = await startRedis({ how: 'process' })
    const admin = new Redis(server.url)
    const prefix = ownPrefix()
    await using proxy = await startProxy({ port: server.port })
    const adapter = new RedisAdapter({ host: proxy.host, port: proxy.port, prefix })
    await adapter.initialize()
    await adapter.publish([plain('t', 'first', 'k')])
    // While nothing else is said: ioredis takes what a server tells beside its OK for a reply.
    const seen: string[] = []
    const monitor = await admin.monitor()
    monitor.on('monitor', (_time: string, [name = '', ...args]: string[]) => {
      if (/^eval/i.test(name) && args.some((arg) => arg.includes(prefix)) && args.at(-1)?.startsWith('n'))
        seen.push(name.toLowerCase())
    })
    proxy.reset()
    await expect
      .poll(() =>
        adapter.ping().then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('down')
    await admin.script('FLUSH')
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => adapter.publish([plain('t', `n${n}`, 'k')])))
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(5)
    expect(seen.slice(0, 3)).toEqual(['evalsha', 'eval', 'evalsha'])
    monitor.disconnect()
    admin.disconnect()
    await adapter.close()
  })
})
