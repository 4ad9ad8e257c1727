import assert from 'node:assert/strict'
import { setImmediate as breathe } from 'node:timers/promises'
import type { BaseEvent, HandlerContext } from '../../index.ts'

/** Publishes numbers from 1 under several keys, and watches in which order and beside what they are handled. */
export class KeyWatch {
  readonly #keys: readonly string[]
  readonly #next = new Map<string, number>()
  /** Per key, `number/attempt` of every start. */
  readonly #starts = new Map<string, string[]>()
  readonly #running = new Set<string>()
  readonly #together: string[] = []
  #count = 0
  /** How many handlers were at work at once, at most. */
  most = 0

  constructor(keys: number) {
    this.#keys = Array.from({ length: keys }, (_, index) => `key-${index}`)
  }

  get running(): number {
    return this.#count
  }

  /** The next `count` events of each key, the keys in turn. */
  entries(count: number): { type: string; payload: number; key: string }[] {
    return Array.from({ length: count }, () =>
      this.#keys.map((key) => {
        const payload = (this.#next.get(key) ?? 0) + 1
        this.#next.set(key, payload)
        return { type: 'tested', payload, key }
      }),
    ).flat()
  }

  async handling(
    { key = '', attempt }: HandlerContext,
    { payload }: BaseEvent,
    work: () => Promise<void> = async () => {},
  ): Promise<void> {
    if (key !== '' && this.#running.has(key)) this.#together.push(`${key}:${payload}`)
    this.#running.add(key)
    this.#starts.set(key, [...(this.#starts.get(key) ?? []), `${payload}/${attempt}`])
    this.most = Math.max(this.most, ++this.#count)
    try {
      await breathe()
      await work()
    } finally {
      this.#count--
      this.#running.delete(key)
    }
  }

  /** Of each key, `count` numbers were started in order, each as often as `starts` says, and none beside another. */
  assertOrder(count: number, starts: (number: number) => number = () => 1): void {
    const expected = Array.from({ length: count }, (_, index) =>
      Array.from({ length: starts(index + 1) }, (_start, before) => `${index + 1}/${before + 1}`),
    ).flat()
    for (const key of this.#keys) assert.deepEqual(this.#starts.get(key), expected, `The starts of ${key}`)
    assert.deepEqual(this.#together, [], 'No two events of a key were handled at once.')
  }

  /** Of each key, all `count` numbers were started, in this order at first; some may have come again. */
  assertFirstOrder(count: number): void {
    const expected = Array.from({ length: count }, (_, index) => `${index + 1}/1`)
    for (const key of this.#keys) {
      assert.deepEqual([...new Set(this.#starts.get(key))], expected, `The first starts of ${key}`)
    }
    assert.deepEqual(this.#together, [], 'No two events of a key were handled at once.')
  }
}
