import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from '@bus/core/spi'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { adapterAt, leaseMs, ownPrefix, redisUrl } from './redis.ts'
import { bodyOf, take } from './take.ts'

const plain = (topic: string, body: string, key?: string): Message => ({ topic, headers: {}, body, key })
const raw = new Redis(await redisUrl())
afterAll(() => raw.disconnect())

describe('what is put aside', () => {
  it('arrives whatever its key is made of, with headers and body as they were', async () => {
    const adapter = await adapterAt()
    await adapter.initialize()
    const notBefore = Date.now() + 100
    const keys = ['half \uD800', 'ü', 'a\n1 2\nb', '"', undefined]
    await adapter.publish(
      keys.map((key) => ({ ...plain('t', `of ${key}\n1 1\n`, key), headers: { h: 'ä\n' }, notBefore })),
    )
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    const taken = await take(member, keys.length, 5_000)
    const whole = (text: string): string => text.toWellFormed()
    expect(taken.map(({ message }) => message.key).sort()).toEqual(keys.map((key) => key && whole(key)).sort())
    expect(taken.map(bodyOf).sort()).toEqual(keys.map((key) => whole(`of ${key}\n1 1\n`)).sort())
    expect(taken.map(({ message }) => message.headers)).toEqual(keys.map(() => ({ h: 'ä\n' })))
    await adapter.close()
  })

  it('does not stop at an entry that nobody can read: it stays where it is, and that is said', async () => {
    const [prefix, warnings] = [ownPrefix(), [] as string[]]
    const adapter = await adapterAt({ prefix, warn: (message) => warnings.push(message) })
    await adapter.initialize()
    await raw.hset(`{${prefix}:t}:delayed:entries`, '0000000000000000', 'nonsense')
    await raw.zadd(`{${prefix}:t}:delayed`, 1, '0000000000000000')
    await adapter.publish([{ ...plain('t', 'x'), notBefore: Date.now() + 50 }])
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    expect((await take(member, 1, 5_000)).map(bodyOf)).toEqual(['x'])
    expect(warnings.join()).toMatch(/"t".*cannot be read/)
    expect(await raw.hgetall(`{${prefix}:t}:delayed:entries`)).toEqual({ '0000000000000000': 'nonsense' })
    await adapter.close()
  })

  it('is not left lying without a word when the server refuses to move it', async () => {
    const [prefix, warnings] = [ownPrefix(), [] as string[]]
    const adapter = await adapterAt({ prefix, warn: (message) => warnings.push(message) })
    await adapter.initialize()
    await adapter.publish([{ ...plain('t', 'x'), notBefore: Date.now() + 200 }])
    await raw.set(`{${prefix}:t}:delayed:entries`, 'of another kind')
    await expect.poll(() => warnings.join(), { timeout: 3_000 }).toMatch(/"t".*WRONGTYPE/)
    await adapter.close()
  })
})

describe('retention', () => {
  it('says when the server refuses it', async () => {
    const [prefix, warnings] = [ownPrefix(), [] as string[]]
    const adapter = await adapterAt({ prefix, warn: (message) => warnings.push(message) })
    await adapter.initialize()
    await raw.set(`{${prefix}:t}:readers`, 'of another kind')
    await adapter.publish([plain('t', 'x')])
    await expect.poll(() => warnings.join(), { timeout: 4_000 }).toMatch(/"t".*WRONGTYPE/)
    await adapter.close()
  })

  it('is applied to topics that only copies go to', async () => {
    const adapter = await adapterAt({ retention: { keptMaxAgeMs: 300 } })
    await adapter.initialize()
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    await adapter.publish(Array.from({ length: 301 }, (_, n) => plain('t', `${n}`.padEnd(500, '.'))))
    const [last, ...others] = (await take(member, 301)).reverse()
    const copy: Message = { ...plain('t.g.kept', 'x'.padEnd(500, '.')), retention: 'kept' }
    await Promise.all(others.map((delivery) => delivery.forward?.(copy)))
    // They grow old by the server's clock.
    await sleep(500)
    await last?.forward?.(copy)
    const count = async (): Promise<number> => {
      let events = 0
      for await (const _ of adapter.read({ topic: copy.topic })) events++
      return events
    }
    await expect.poll(count, { timeout: 5_000, interval: 200 }).toBeLessThan(150)
    await adapter.close()
  })

  it('forgets readers that were killed, also while others go on', async () => {
    const prefix = ownPrefix()
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    const readers = `{${prefix}:t}:readers`
    await raw.hset(readers, 'killed', '0-0 1')
    await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
    await expect.poll(() => raw.hkeys(readers), { timeout: 2 * leaseMs }).not.toContain('killed')
    expect(await raw.hlen(readers)).toBe(1)
    await adapter.close()
  })
})
