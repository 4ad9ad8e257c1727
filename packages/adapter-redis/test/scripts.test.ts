import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beat } from '../src/scripts/beat.ts'
import { lendLeft, take } from '../src/scripts/lend.ts'
import type { Script } from '../src/scripts/script.ts'
import { forward, giveBack } from '../src/scripts/settle.ts'
import { ownPrefix, redisUrl } from './redis.ts'

// What a script decides for the case that something happens between two calls, which no user of the adapter can time.

type Entry = readonly [id: string, count: number, fields: readonly string[], note: string]

const leaseMs = 60_000
let redis: Redis

beforeAll(async () => {
  redis = new Redis(await redisUrl())
})
afterAll(() => redis.disconnect())

function run<Reply>(script: Script, keys: readonly string[], ...args: readonly (string | number)[]): Promise<Reply> {
  return redis.eval(script.lua, keys.length, ...keys, ...args) as Promise<Reply>
}

function keysOf(): Record<'members' | 'leases' | 'bell' | 'stream' | 'notes', string> {
  const stem = `{${ownPrefix()}}`
  const [members, leases, bell, stream, notes] = ['members', 'leases', 'bell', 'stream', 'notes'].map(
    (name) => `${stem}:${name}`,
  ) as [string, string, string, string, string]
  return { members, leases, bell, stream, notes }
}

/** Entries that `consumer` was given `count` times. */
async function lent(stream: string, consumer: string, entries: number, count: number): Promise<string[]> {
  await redis.xgroup('CREATE', stream, 'g', '0', 'MKSTREAM').catch(() => {})
  const ids: string[] = []
  for (let n = 0; n < entries; n++) ids.push((await redis.xadd(stream, '*', 'body', 'x')) as string)
  await redis.xreadgroup('GROUP', 'g', consumer, 'STREAMS', stream, '>')
  await redis.xclaim(stream, 'g', consumer, 0, ...ids, 'RETRYCOUNT', count, 'JUSTID')
  return ids
}

describe('a sign of life', () => {
  const grace = 40_000

  async function withLate(): Promise<ReturnType<typeof keysOf> & { beats: () => Promise<unknown> }> {
    const keys = keysOf()
    await redis.zadd(keys.members, 1, 'late')
    await lent(keys.stream, 'late', 1, 1)
    const { members, leases, bell, stream } = keys
    return { ...keys, beats: () => run(beat, [members, leases, bell, stream], 'me', 'g', leaseMs, grace, 0, '1') }
  }

  it('leaves who is overdue the whole of the grace, however many others beat meanwhile', async () => {
    const { members, beats } = await withLate()
    for (let n = 0; n < 3; n++) await beats()
    expect(Number(await redis.zscore(members, 'late'))).toBeGreaterThan(Date.now() + grace / 2)
  })

  it('forgives who gives one again: the next time it has the whole grace', async () => {
    const { leases, beats } = await withLate()
    await redis.hset(leases, 'late:me', '1')
    await beats()
    expect(await redis.hkeys(leases)).not.toContain('late:me')
  })

  it('ends the lease of who gave none in that time, and all members can see that something has changed', async () => {
    const { members, leases, stream, beats } = await withLate()
    await beats()
    const before = await redis.hget(leases, 'gen')
    await redis.zadd(members, 1, 'late')
    await redis.xgroup('DELCONSUMER', stream, 'g', 'late')
    await beats()
    expect(await redis.zscore(members, 'late')).toBeNull()
    expect(Number(await redis.hget(leases, 'gen'))).toBeGreaterThan(Number(before))
  })

  it('leaves no consumer of the dead behind, and what it had in the pool of what was lost', async () => {
    const { members, stream, beats } = await withLate()
    await beats()
    await redis.zadd(members, 1, 'late')
    await beats()
    const consumers = (await redis.xinfo('CONSUMERS', stream, 'g')) as unknown[][]
    expect(consumers.map(([, name, , pending]) => [name, pending])).toEqual([['lost', 1]])
  })
})

describe('what a dead owner left in a partition', () => {
  const token = 'me 3 1'

  async function left(count: number): Promise<{ keys: string[]; ids: string[]; stream: string }> {
    const { leases, stream, notes } = keysOf()
    await redis.hset(leases, '0', token)
    return { keys: [leases, stream, notes], ids: await lent(stream, 'owner', 1, count), stream }
  }

  it('is counted once if the reply was lost and it is asked for again', async () => {
    const { keys } = await left(2)
    const ask = (): Promise<[number, number, Entry]> => run(lendLeft, keys, 'g', '0', token, '-', 10, '1')
    const [, , first] = await ask()
    expect(first[1]).toBe(3)
    const [, , again] = await ask()
    expect(again[0]).toBe(first[0])
    const [[, , , count]] = (await redis.xpending(keys[1] as string, 'g', '-', '+', 1)) as [unknown[]]
    expect(count).toBe(3)
  })

  it('is told as trimmed where it is not there any more', async () => {
    const { keys, ids, stream } = await left(1)
    await redis.xdel(stream, ...ids)
    expect(await run(lendLeft, keys, 'g', '0', token, '-', 10, '1')).toEqual([1, 0])
  })
})

describe('the pools', () => {
  it('give no more than there is room for, of both together', async () => {
    const { members, leases, stream, notes, bell } = keysOf()
    await redis.zadd(members, Date.now() + leaseMs, 'me')
    await lent(stream, 'free', 2, 1)
    await lent(stream, 'lost', 4, 1)
    const [, , , , , ...entries] = await run<[number, number, number, number, number, ...Entry[]]>(
      take,
      [members, stream, notes],
      'me',
      'g',
      3,
      '1',
    )
    expect(entries).toHaveLength(3)
    // What is given back calls for others, who may be waiting.
    await run(giveBack, [members, leases, stream, notes, bell], 'me', 'g', '', '', (entries[0] as Entry)[0], 0, 0, '')
    expect(await redis.xlen(bell)).toBe(1)
  })
})

describe('a copy that waits', () => {
  it('calls for those who wait for the first of all, and only if it is the first', async () => {
    const { members, leases, stream, notes, bell } = keysOf()
    const of = (name: string): string => `${stream}.retry:${name}`
    await redis.zadd(members, Date.now() + leaseMs, 'me')
    await redis.hset(of('meta'), 'partitions', '4')
    const ids = await lent(stream, 'me', 2, 1)
    const rung: string[] = []
    for (const [at, dueIn] of [60_000, 90_000].entries()) {
      const copy = ['4', '0', Date.now() + dueIn, '', '', 'body', '-1 0 0\n', '']
      const keys = [
        members,
        leases,
        stream,
        notes,
        of('meta'),
        of('delayed'),
        of('entries'),
        bell,
        of('stream'),
        of('bell'),
      ]
      await run(forward, keys, 'me', 'g', '', '', ids[at] as string, ...copy)
      rung.push(((await redis.xrevrange(bell, '+', '-')) as [string, unknown][])[0]?.[0] ?? 'never')
    }
    expect(rung[0]).not.toBe('never')
    expect(rung[1]).toBe(rung[0])
  })
})
