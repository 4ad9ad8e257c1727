interface Head<Item> {
  readonly item: Item
  readonly source: number
}

/**
 * Sequences that are in order as one that is. All begin at once, and of each no more is taken than its next item.
 * Among equals the one of the earlier source is first.
 */
export async function* merge<Item>(
  sources: readonly AsyncIterable<Item>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  /** The next one last, so that taking it moves nothing. */
  const heads: Head<Item>[] = []
  const insert = (item: Item, source: number): void => {
    let [low, high] = [0, heads.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const head = heads[middle] as Head<Item>
      if ((compare(head.item, item) || head.source - source) > 0) low = middle + 1
      else high = middle
    }
    heads.splice(low, 0, { item, source })
  }
  try {
    const firsts = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (const [source, first] of firsts.entries()) if (first.done !== true) insert(first.value, source)
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      yield head.item
      const next = await (iterators[head.source] as AsyncIterator<Item>).next()
      if (next.done !== true) insert(next.value, head.source)
    }
  } finally {
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()))
  }
}
