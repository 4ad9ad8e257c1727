import { RedisAdapter } from '@bus/adapter-redis'
import type { Consumer, Message } from '@bus/core/spi'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { bodyOf } from './take.ts'

const numbered = (count: number, from = 0): Message[] =>
  Array.from({ length: count }, (_, n) => ({ topic: 't', headers: {}, body: `${from + n}` }))

/** How often the server was asked to give something out. */
async function readsOn(admin: Redis): Promise<number> {
  return Number(/cmdstat_xreadgroup:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
}

/** Handles until it is told to stop, so many at a time. */
class Member {
  readonly taken: string[] = []
  readonly work: Promise<void>

  constructor(consumer: Consumer, signal: AbortSignal, handle: (member: Member) => Promise<void> | undefined) {
    this.work = (async () => {
      while (!signal.aborted) {
        const deliveries = await consumer.pull(10, signal)
        if (deliveries.length === 0) continue
        this.taken.push(...deliveries.map(bodyOf))
        await handle(this)
        await Promise.all(deliveries.map((delivery) => delivery.ack()))
      }
    })()
  }
}

describe('idle members of a group in one process', () => {
  it('are woken one for each batch, in turn, and further ones only for what the first leaves', async () => {
    await using server = await startRedis({ how: 'process' })
    const admin = new Redis(server.url)
    // Nobody looks by the clock while this runs.
    const adapter = new RedisAdapter({ url: server.url, leaseMs: 600_000 })
    await adapter.initialize()
    const stop = new AbortController()
    const members: Member[] = []
    const order: Member[] = []
    const busy: Promise<void>[] = []
    let told = (): void => {}
    const takenUpTo = async (count: number): Promise<void> => {
      while (members.reduce((sum, { taken }) => sum + taken.length, 0) < count)
        await new Promise<void>((resolve) => (told = resolve))
    }
    for (let number = 0; number < 10; number++) {
      const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
      members.push(
        new Member(consumer, stop.signal, (member) => {
          order.push(member)
          told()
          return busy[0]
        }),
      )
    }
    // Until everybody has heard that everybody is there.
    let before = -1
    await expect
      .poll(async () => before === (before = await readsOn(admin)), { interval: 300, timeout: 10_000 })
      .toBe(true)

    for (let batch = 0; batch < 20; batch++) {
      await adapter.publish(numbered(2, 2 * batch))
      await takenUpTo(2 * batch + 2)
    }
    const forOne = (await readsOn(admin)) - before
    expect(forOne).toBeLessThanOrEqual(22)
    expect(new Set(order.slice(0, 10)).size).toBe(10)

    before = await readsOn(admin)
    let goOn = (): void => {}
    busy.push(new Promise((resolve) => (goOn = resolve)))
    await adapter.publish(numbered(30, 40))
    await takenUpTo(70)
    const forMany = (await readsOn(admin)) - before
    console.log(`20 batches were read by ${forOne} commands, one for three of ten members by ${forMany}`)
    expect(forMany).toBeLessThanOrEqual(4)
    expect(new Set(order.slice(-3)).size).toBe(3)
    goOn()
    stop.abort()
    await Promise.all(members.map(({ work }) => work))
    const taken = members.flatMap((member) => member.taken.map(Number))
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 70 }, (_, n) => n))
    await adapter.close()
    admin.disconnect()
  })
})
