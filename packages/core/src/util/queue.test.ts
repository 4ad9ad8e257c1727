import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Queue } from './queue.ts'

type Like = Pick<Queue<number>, 'size' | 'push' | 'shift' | 'extract'>

/** What a queue is meant to do, without regard to speed. */
class Model implements Like {
  #items: number[] = []

  get size(): number {
    return this.#items.length
  }

  push(item: number): void {
    this.#items.push(item)
  }

  shift(): number | undefined {
    return this.#items.shift()
  }

  extract(leaves: (item: number) => boolean): number[] {
    const out = this.#items.filter(leaves)
    this.#items = this.#items.filter((item) => !leaves(item))
    return out
  }
}

function perform(queue: Like, kind: 'push' | 'shift' | 'extract', count: number, next: number): (number | undefined)[] {
  if (kind === 'extract') return queue.extract((item) => item % count === 0)
  const numbers = Array.from({ length: count }, (_, index) => next + index)
  if (kind === 'shift') return numbers.map(() => queue.shift())
  for (const number of numbers) queue.push(number)
  return []
}

function drained(queue: Like): (number | undefined)[] {
  const items: (number | undefined)[] = []
  while (queue.size > 0) items.push(queue.shift())
  return items
}

describe('Queue', () => {
  it('gives back in order what was put in, whatever happens in between', () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 700 }) }),
      },
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('shift' as const), count: fc.integer({ min: 1, max: 900 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('extract' as const), count: fc.integer({ min: 2, max: 5 }) }),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const queue = new Queue<number>()
        const model = new Model()
        let next = 0
        for (const { kind, count } of steps) {
          const given = perform(queue, kind, count, next)
          expect(given).toEqual(perform(model, kind, count, next))
          expect(queue.size).toBe(model.size)
          next += count
        }
        expect(drained(queue)).toEqual(drained(model))
      }),
    )
  })

  it('has nothing to give when it is empty', () => {
    const queue = new Queue<number>()
    expect(queue.shift()).toBeUndefined()
    queue.push(1)
    queue.shift()
    expect(queue.shift()).toBeUndefined()
    expect(queue.size).toBe(0)
    queue.push(2)
    expect(drained(queue)).toEqual([2])
  })

  it('does not hold on to what has left', async () => {
    const queue = new Queue<object>()
    for (let i = 0; i < 5_000; i++) queue.push({ i })
    const last = new WeakRef(queue.shift() as object)
    // A weak reference is kept alive until the turn it was made in has ended.
    await new Promise((resolve) => setImmediate(resolve))
    const { setFlagsFromString } = await import('node:v8')
    setFlagsFromString('--expose-gc')
    const { runInNewContext } = await import('node:vm')
    ;(runInNewContext('gc') as () => void)()
    expect(last.deref()).toBeUndefined()
    expect(queue.size).toBe(4_999)
  })
})
