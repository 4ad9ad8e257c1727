import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisAdapter } from '@bus/adapter-redis'
import { PublishError } from '@bus/core/spi'
import { bodyOf } from './take.ts'

const keys = ['a', 'b', 'c', 'd', undefined]
const pauseMs = 2

/** Events by several keys, numbered, published and handled until somebody has seen enough. */
export class Traffic {
  /** `key:number` of what was confirmed. */
  readonly confirmed: Set<string> = new Set()
  /** `key:number` of what may be stored or not. */
  readonly unknown: Set<string> = new Set()
  readonly refused: unknown[] = []
  readonly handled: string[] = []
  readonly #publishing: RedisAdapter
  readonly #consuming: RedisAdapter
  readonly #topic: string
  readonly #stop = new AbortController()
  readonly #drained = new AbortController()
  #work: Promise<unknown>[] = []
  #consumer: Promise<void> | undefined

  constructor(publishing: RedisAdapter, consuming: RedisAdapter, topic: string) {
    this.#publishing = publishing
    this.#consuming = consuming
    this.#topic = topic
  }

  async start(): Promise<void> {
    const member = await this.#consuming.consume({
      topics: [{ topic: this.#topic, startFrom: 'earliest' }],
      group: 'g',
    })
    const { signal } = this.#drained
    this.#consumer = (async () => {
      while (!signal.aborted) {
        const taken = await member.pull(50, signal).catch(() => sleep(50).then(() => []))
        for (const delivery of taken) {
          this.handled.push(bodyOf(delivery))
          void delivery.ack()
        }
      }
      await member.close()
    })()
    this.#work = keys.map((key) => this.#publishAll(key))
  }

  /** Resolves when so many more were confirmed. */
  async more(events: number, limitMs = 60_000): Promise<void> {
    const goal = this.confirmed.size + events
    const end = performance.now() + limitMs
    while (this.confirmed.size < goal) {
      if (performance.now() > end) throw new Error(`Only ${this.confirmed.size} of ${goal} were confirmed in time.`)
      await sleep(20)
    }
  }

  /** Stops publishing and waits until everything that was confirmed is handled; what is missing, if that takes too long. */
  async end(limitMs = 30_000): Promise<string[]> {
    this.#stop.abort()
    await Promise.all(this.#work)
    const missing = (): string[] => {
      const seen = new Set(this.handled)
      return [...this.confirmed].filter((one) => !seen.has(one))
    }
    const end = performance.now() + limitMs
    while (missing().length > 0 && performance.now() < end) await sleep(50)
    this.#drained.abort()
    await this.#consumer
    return missing()
  }

  /** Pairs of a key's first deliveries that came in the wrong order. */
  get disorder(): string[] {
    const last = new Map<string, number>()
    const seen = new Set<string>()
    return this.handled.filter((one) => {
      if (seen.has(one)) return false
      seen.add(one)
      const [key = '', number] = one.split(':')
      if (key === 'undefined') return false
      const before = last.get(key) ?? -1
      last.set(key, Math.max(before, Number(number)))
      return Number(number) < before
    })
  }

  async #publishAll(key: string | undefined): Promise<void> {
    for (let number = 0; !this.#stop.signal.aborted; number++) {
      const body = `${key}:${number}`
      try {
        await this.#publishing.publish([{ topic: this.#topic, key, headers: {}, body }])
        this.confirmed.add(body)
      } catch (error) {
        if (error instanceof PublishError && error.failures.every(({ stored }) => stored === 'unknown'))
          this.unknown.add(body)
        else this.refused.push(error)
      }
      await sleep(pauseMs)
    }
  }
}
