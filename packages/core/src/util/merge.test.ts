import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { merge } from './merge.ts'

class Source implements AsyncIterable<number> {
  taken = 0
  returned = false
  readonly #items: readonly number[]
  readonly #failsAt: number

  constructor(items: readonly number[], failsAt: number = Number.POSITIVE_INFINITY) {
    this.#items = items
    this.#failsAt = failsAt
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      for (const [index, item] of this.#items.entries()) {
        if (index === this.#failsAt) throw new Error('broken')
        this.taken++
        yield item
      }
    } finally {
      this.returned = true
    }
  }
}

const byValue = (a: number, b: number): number => a - b

async function collected(sources: readonly Source[], limit = Number.POSITIVE_INFINITY): Promise<number[]> {
  const found: number[] = []
  for await (const item of merge(sources, byValue)) {
    found.push(item)
    if (found.length === limit) break
  }
  return found
}

describe('merge', () => {
  it('gives all items of all sources in order', async () => {
    const ordered = fc.array(fc.integer({ min: 0, max: 20 })).map((items) => items.toSorted(byValue))
    await fc.assert(
      fc.asyncProperty(fc.array(ordered, { maxLength: 6 }), async (lists) => {
        const found = await collected(lists.map((list) => new Source(list)))
        expect(found).toEqual(lists.flat().toSorted(byValue))
      }),
    )
  })

  it('puts equal ones in the order of their sources', async () => {
    async function* of(...items: [number, string][]): AsyncGenerator<[number, string]> {
      yield* items
    }
    const found: string[] = []
    const sources = [of([1, 'a'], [1, 'b'], [2, 'c']), of([1, 'd'], [2, 'e']), of([0, 'f'], [1, 'g'])]
    for await (const [, name] of merge(sources, ([a], [b]) => a - b)) found.push(name)
    expect(found.join('')).toBe('fabdgce')
  })

  it('takes no more of a source than its next item, and ends all when its reader stops', async () => {
    const sources = [new Source([1, 2, 3, 4]), new Source([2, 3, 4]), new Source([9, 10])]
    expect(await collected(sources, 2)).toEqual([1, 2])
    expect(sources.map(({ taken }) => taken)).toEqual([2, 1, 1])
    expect(sources.map(({ returned }) => returned)).toEqual([true, true, true])
  })

  it('fails with the source that fails, and ends the others', async () => {
    const sources = [new Source([1, 2, 3], 1), new Source([1, 5])]
    await expect(collected(sources)).rejects.toThrow('broken')
    expect(sources.map(({ returned }) => returned)).toEqual([true, true])
  })
})
