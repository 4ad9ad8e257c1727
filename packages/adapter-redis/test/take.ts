import type { Consumer, Delivery } from '@bus/core/spi'

export const bodyOf = (delivery: Delivery): string => Buffer.from(delivery.message.body).toString()

/** Pulls until there are `count`, or the time is over. */
export async function take(consumer: Consumer, count: number, ms = 10_000): Promise<Delivery[]> {
  const signal = AbortSignal.timeout(ms)
  const taken: Delivery[] = []
  while (taken.length < count && !signal.aborted) {
    const pulled = await consumer.pull(count - taken.length, signal).catch(() => [])
    taken.push(...pulled)
    // A consumer that is closed answers at once.
    if (pulled.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return taken
}
