import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BaseEvent, type HandlerContext, NonRetryableError, RetryAfterError } from '../src/index.ts'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

type Fate = 'at once' | 'later' | 'fails twice' | 'fails later' | 'fails always' | 'is refused' | 'asks for a minute'

interface Payload {
  readonly id: number
  readonly fate: Fate
}

const fates: readonly Fate[] = [
  'at once',
  'later',
  'fails twice',
  'fails later',
  'fails always',
  'is refused',
  'asks for a minute',
]
const group = 'g'

/** A subscription whose handler does to each event what its payload says, and what must hold meanwhile. */
class Soak {
  readonly scene = scene()
  readonly wrong: string[] = []
  readonly succeeded: number[] = []
  readonly firstStarts = new Map<string, number[]>()
  readonly #running = new Map<number, string | undefined>()
  /** Of each key the event that was started and is not settled. */
  readonly #unsettled = new Map<string, number>()
  readonly #concurrency: number
  readonly #ids = new Map<string, number>()
  #id = ''
  #published = 0

  constructor(concurrency: number) {
    this.#concurrency = concurrency
    this.scene.bus.on('deadLetter', ({ eventId = '' }) => this.#settles(this.#ids.get(eventId) ?? 0))
  }

  get published(): number {
    return this.#published
  }

  async join(): Promise<void> {
    const options = { consumerGroup: group, useDLQ: true, maxRetries: 2, concurrency: this.#concurrency, prefetch: 8 }
    this.#id = await this.scene.bus.subscribe('orders', (event, context) => this.#handle(event, context), options)
  }

  /** Leaves the group, waiting for what runs, and joins it again. */
  async rejoin(): Promise<void> {
    const leaving = this.scene.bus.unsubscribe(this.#id)
    await this.scene.clock.advance(100)
    await leaving
    await this.join()
  }

  async publish(key: string | undefined, fate: Fate): Promise<void> {
    const id = ++this.#published
    this.#ids.set(String(id), id)
    await this.scene.bus.publish('orders', 'placed', { id, fate }, { key, metadata: { eventId: String(id) } })
  }

  /** As a backend that moves some keys to another member, and gets them back. */
  async handOver(keys: readonly (string | undefined)[]): Promise<void> {
    const { adapter, clock } = this.scene
    const consumer = adapter.consumers.find((one) => !one.isClosed)
    if (consumer === undefined) return
    const open = [...consumer.open].filter(({ message }) => keys.includes(message.key))
    adapter.keepsBack = true
    consumer.takeBack(({ message }) => keys.includes(message.key))
    const handed = consumer.options.handover?.(open, new AbortController().signal)
    await clock.advance(100)
    await handed
    if (open.some((delivery) => consumer.open.has(delivery))) this.wrong.push('something was kept in a hand-over')
    adapter.keepsBack = false
    adapter.lendLeft()
  }

  #handle({ payload }: BaseEvent<string, Payload>, { key, attempt }: HandlerContext): void | Promise<void> {
    const { id, fate } = payload
    const blocking = key === undefined ? undefined : this.#unsettled.get(key)
    if (blocking !== undefined && blocking !== id) this.wrong.push(`${id} started although ${blocking} is not settled`)
    if (key !== undefined) this.#unsettled.set(key, id)
    const rival = [...this.#running].find(([, other]) => key !== undefined && other === key)
    if (rival !== undefined) this.wrong.push(`${id} ran beside ${rival[0]} of its key`)
    if (this.#running.size >= this.#concurrency) this.wrong.push('too many at once')
    if (attempt === 1) this.#note(key, id)
    if (fate === 'is refused') throw new NonRetryableError('refused')
    if (fate === 'asks for a minute' && attempt === 1) throw new RetryAfterError(60_000)
    if (fate === 'fails always' || (fate === 'fails twice' && attempt < 3)) throw new Error('boom')
    if (fate === 'at once' || fate === 'fails twice' || fate === 'asks for a minute') return this.#succeed(id)
    return this.#takeTime(id, key, fate === 'fails later' && attempt < 2)
  }

  async #takeTime(id: number, key: string | undefined, fails: boolean): Promise<void> {
    this.#running.set(id, key)
    await new Promise<void>((resolve) => this.scene.clock.timer(id % 50, resolve))
    this.#running.delete(id)
    if (fails) throw new Error('boom')
    this.#succeed(id)
  }

  #succeed(id: number): void {
    this.succeeded.push(id)
    this.#settles(id)
  }

  #settles(id: number): void {
    for (const [key, unsettled] of this.#unsettled) if (unsettled === id) this.#unsettled.delete(key)
  }

  /** What was given back before its first start may come to it twice; what was started, only after its failure. */
  #note(key: string | undefined, id: number): void {
    if (key === undefined) return
    const ids = this.firstStarts.get(key) ?? []
    this.firstStarts.set(key, [...ids, id])
  }
}

const keys = ['a', 'b', undefined] as const
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constant('publish' as const), fc.constantFrom(...keys), fc.constantFrom(...fates)),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant('wait' as const), fc.nat(2_000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('hand over' as const), fc.subarray([...keys], { minLength: 1 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('rejoin' as const)) },
)

describe('a subscription', () => {
  it('loses nothing, repeats nothing, keeps keys apart and in order, whatever happens to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, concurrency) => {
          const soak = new Soak(concurrency)
          const { bus, adapter, clock } = soak.scene
          await soak.join()
          for (const one of steps) {
            if (one[0] === 'publish') await soak.publish(one[1], one[2])
            else if (one[0] === 'wait') await clock.advance(one[1])
            else if (one[0] === 'hand over') await soak.handOver(one[1])
            else await soak.rejoin()
          }
          await turn()
          for (let i = 0; i < 200 && clock.pending > 0; i++) await clock.advance(5_000)
          await turn()
          const dead = adapter.stored('orders.g.dlq').length
          expect(soak.wrong).toEqual([])
          expect(new Set(soak.succeeded).size).toBe(soak.succeeded.length)
          expect(soak.succeeded.length + dead).toBe(soak.published)
          for (const ids of soak.firstStarts.values()) expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b))
          await bus.close()
          expect(clock.pending).toBe(0)
          expect(adapter.consumers.filter(({ open, waiting }) => open.size + waiting.length > 0)).toEqual([])
        },
      ),
      { numRuns: 150 },
    )
  })
})
