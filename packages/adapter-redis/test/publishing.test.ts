import { setTimeout as sleep } from 'node:timers/promises'
import { PublishError, type Message } from '@bus/core/spi'
import { startProxy, startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { RedisAdapter } from '@bus/adapter-redis'
import { publish } from '../src/scripts/publish.ts'
import { adapterAt, isUp, ownPrefix, redisUrl } from './redis.ts'

const plain = (topic: string, body: string, key?: string): Message => ({ topic, headers: {}, body, key })

async function bodiesIn(adapter: RedisAdapter, topic: string): Promise<string[]> {
  const bodies: string[] = []
  for await (const { body } of adapter.read({ topic })) bodies.push(Buffer.from(body).toString())
  return bodies
}

interface Tally {
  readonly stored: string[]
  readonly unknown: string[]
  readonly refused: string[]
  unsettled: number
}

/** Callers that publish one by one until `over`. */
function traffic(
  adapter: RedisAdapter,
  topic: string,
  callers: number,
  over: () => boolean,
): { tally: Tally; done: Promise<unknown> } {
  const tally: Tally = { stored: [], unknown: [], refused: [], unsettled: 0 }
  const call = async (caller: number): Promise<void> => {
    for (let number = 0; !over(); number++) {
      const body = `${caller}:${number}`
      tally.unsettled++
      await adapter.publish([plain(topic, body, `k${caller}`)]).then(
        () => tally.stored.push(body),
        async (error: unknown) => {
          tally[error instanceof PublishError && error.stored === 'unknown' ? 'unknown' : 'refused'].push(body)
          await sleep(5)
        },
      )
      tally.unsettled--
    }
  }
  return { tally, done: Promise.all(Array.from({ length: callers }, (_, caller) => call(caller))) }
}

async function storedMore({ stored }: Tally, count: number): Promise<void> {
  const goal = stored.length + count
  await expect.poll(() => stored.length, { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(goal)
}

describe('publishing', () => {
  it('stores what is published in one tick in the order of the calls, over all streams of a topic', async () => {
    const adapter = await adapterAt()
    await adapter.initialize()
    const bodies = Array.from({ length: 1_200 }, (_, number) => `${number}`)
    await Promise.all(
      bodies.map((body, number) =>
        adapter.publish([plain('t', body, number % 3 === 0 ? undefined : `k${number % 50}`)]),
      ),
    )
    expect(await bodiesIn(adapter, 't')).toEqual(bodies)
    await adapter.close()
  })

  it('keeps the order over all streams of a topic also where each goes by itself, within the same millisecond', async () => {
    const prefix = ownPrefix()
    const [near, far] = [await adapterAt({ prefix }), await adapterAt({ prefix })]
    await Promise.all([near.initialize(), far.initialize()])
    const bodies = Array.from({ length: 600 }, (_, number) => `${number}`)
    for (const [number, body] of bodies.entries()) {
      const key = number % 3 === 0 ? `k${number % 50}` : undefined
      await (number % 2 === 0 ? near : far).publish([plain('t', body, key)])
    }
    expect(await bodiesIn(near, 't')).toEqual(bodies)
    await Promise.all([near.close(), far.close()])
  })

  it('names the messages of a batch that the server refused, and stores the others', async () => {
    const prefix = ownPrefix()
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    const redis = new Redis(await redisUrl())
    await adapter.publish([plain('t', 'first')])
    // A key of another kind where the unkeyed stream should be.
    await redis.set(`{${prefix}:t2}`, 'not a stream')
    const error = await adapter
      .publish([plain('t', 'a'), plain('t2', 'b'), plain('t2', 'c', 'k'), plain('t', 'd')])
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PublishError)
    expect((error as PublishError).stored).toBe('no')
    expect((error as PublishError).failures.map(({ index }) => index)).toEqual([1])
    expect(String((error as PublishError).failures[0]?.cause)).toContain('WRONGTYPE')
    expect(await bodiesIn(adapter, 't')).toEqual(['first', 'a', 'd'])
    await Promise.all([adapter.close(), redis.quit()])
  })

  it('goes on when the server has forgotten its scripts, in order', async () => {
    const adapter = await adapterAt()
    await adapter.initialize()
    const redis = new Redis(await redisUrl())
    const bodies = Array.from({ length: 2_000 }, (_, number) => `${number}`)
    const publishing = bodies.map((body) => adapter.publish([plain('t', body, 'k')]))
    await redis.script('FLUSH')
    await Promise.all(publishing)
    expect(await bodiesIn(adapter, 't')).toEqual(bodies)
    await Promise.all([adapter.close(), redis.quit()])
  })

  it('keeps the order while the server forgets its scripts and others teach them to it again', async () => {
    const adapter = await adapterAt()
    await adapter.initialize()
    const redis = new Redis(await redisUrl())
    await adapter.publish([plain('t', 'first', 'k')])
    const bodies = Array.from({ length: 9_000 }, (_, number) => `${number}`.padEnd(200, '.'))
    let publishing = true
    const forgetting = (async () => {
      while (publishing) {
        await redis.script('FLUSH')
        await redis.script('LOAD', publish.lua)
      }
    })()
    await Promise.all(bodies.map((body) => adapter.publish([plain('t', body, 'k')])))
    publishing = false
    await forgetting
    expect(await bodiesIn(adapter, 't')).toEqual(['first', ...bodies])
    await Promise.all([adapter.close(), redis.quit()])
  })

  it('continues behind an id that a foreign writer chose', async () => {
    const prefix = ownPrefix()
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    const redis = new Redis(await redisUrl())
    await adapter.publish([plain('t', 'a')])
    await redis.xadd(`{${prefix}:t}`, `${Date.now() + 100}-5`, 'hello', 'world')
    await adapter.publish([plain('t', 'b'), plain('t', 'c')])
    // Until the clock has passed the foreign id.
    await sleep(150)
    await adapter.publish([plain('t', 'd', 'k')])
    expect(await bodiesIn(adapter, 't')).toEqual(['a', '{"hello":"world"}', 'b', 'c', 'd'])
    await Promise.all([adapter.close(), redis.quit()])
  })

  it('settles every call and loses nothing that it confirmed while its connections are killed', async () => {
    await using server = await startRedis({ how: 'process' })
    const adapter = new RedisAdapter({ url: server.url })
    await adapter.initialize()
    const killer = new Redis(server.url)
    killer.on('error', () => {})
    let over = false
    const { tally, done } = traffic(adapter, 't', 200, () => over)
    for (let kill = 0; kill < 12; kill++) {
      await storedMore(tally, 100)
      await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    }
    over = true
    // A call that never settles must not keep the test from saying so.
    await Promise.race([done, sleep(10_000)])
    const stored = await bodiesIn(adapter, 't')
    const there = new Set(stored)
    console.log(`${tally.stored.length} stored, ${tally.unknown.length} unknown, ${tally.refused.length} refused`)
    expect(tally.unsettled).toBe(0)
    expect(tally.stored.filter((body) => !there.has(body))).toEqual([])
    expect(stored.length).toBe(there.size)
    expect(tally.refused.filter((body) => there.has(body))).toEqual([])
    expect(tally.stored.length).toBeGreaterThan(1_000)
    killer.disconnect()
    await adapter.close()
  })

  it('loses nothing that it confirmed when the server is restarted', async () => {
    await using server = await startRedis({ how: 'process', args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    const adapter = new RedisAdapter({ url: server.url })
    await adapter.initialize()
    let over = false
    const { tally, done } = traffic(adapter, 't', 100, () => over)
    await storedMore(tally, 100)
    await server.restart()
    await storedMore(tally, 100)
    await server.kill()
    await server.restart()
    await storedMore(tally, 100)
    over = true
    // A call that never settles must not keep the test from saying so.
    await Promise.race([done, sleep(20_000)])
    const stored = await bodiesIn(adapter, 't')
    const there = new Set(stored)
    expect(tally.unsettled).toBe(0)
    expect(tally.stored.filter((body) => !there.has(body))).toEqual([])
    expect(tally.stored.length).toBeGreaterThan(100)
    await adapter.close()
  })

  it('waits for the connection with what was not sent, up to the time limit, and then says that nothing was stored', async () => {
    await using server = await startRedis({ how: 'process' })
    const adapter = new RedisAdapter({ url: server.url, publishTimeoutMs: 600 })
    await adapter.initialize()
    await adapter.publish([plain('t', 'before')])
    await server.kill()
    await expect.poll(() => isUp(adapter)).toBe(false)
    const started = performance.now()
    const error = await adapter.publish([plain('t', 'lost')]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PublishError)
    expect((error as PublishError).stored).toBe('no')
    expect(performance.now() - started).toBeGreaterThan(500)
    expect(performance.now() - started).toBeLessThan(1_500)
    await server.restart()
    await expect.poll(() => isUp(adapter), { timeout: 10_000 }).toBe(true)
    await adapter.publish([plain('t', 'after')])
    await adapter.close()
  })

  it('does not know what became of a batch that gets no answer, and starts over with a new connection', async () => {
    await using server = await startRedis({ how: 'process' })
    await using proxy = await startProxy({ port: server.port })
    const adapter = new RedisAdapter({ host: proxy.host, port: proxy.port, publishTimeoutMs: 500 })
    await adapter.initialize()
    await adapter.publish([plain('t', 'before')])
    proxy.cut()
    const error = await adapter.publish([plain('t', 'swallowed')]).catch((reason: unknown) => reason)
    expect((error as PublishError).stored).toBe('unknown')
    proxy.restore()
    proxy.reset()
    await expect
      .poll(
        () =>
          adapter.publish([plain('t', 'after')]).then(
            () => true,
            () => false,
          ),
        { timeout: 5_000 },
      )
      .toBe(true)
    await adapter.close()
  })

  it('refuses what would wait beyond its bound', async () => {
    await using server = await startRedis({ how: 'process' })
    const adapter = new RedisAdapter({ url: server.url, maxBacklog: 10, publishTimeoutMs: 500 })
    await adapter.initialize()
    await server.kill()
    const outcomes = await Promise.all(
      Array.from({ length: 15 }, (_, number) =>
        adapter.publish([plain('t', `${number}`)]).catch((error: { code: string }) => error.code),
      ),
    )
    expect(outcomes.filter((code) => code === 'BUS_PUBLISH_BACKLOG')).toHaveLength(5)
    await adapter.close()
  })
})
