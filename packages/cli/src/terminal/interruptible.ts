import { untilAborted } from '@bus/core/spi'

/** Ends at once when `signal` aborts, also while the next item is waited for. */
export async function* interruptible<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]()
  while (!signal.aborted) {
    const next = iterator.next()
    try {
      const { done, value } = await untilAborted(signal, next)
      if (done === true) return
      yield value
    } catch (error) {
      if (!signal.aborted) throw error
      next.catch(() => {})
    }
  }
}
