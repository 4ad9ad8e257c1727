import type { Consumer, Delivery, Message, StoredMessage } from '@bus/core/spi'

export const never: AbortSignal = new AbortController().signal

export function message(topic: string, body: string, extra: Partial<Message> = {}): Message {
  return { topic, headers: {}, body, ...extra }
}

export function text({ body }: StoredMessage): string {
  return new TextDecoder().decode(body)
}

export async function take(consumer: Consumer, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(...(await consumer.pull(count - taken.length, never)))
  return taken
}

/** What there is at this moment; does not wait. */
export async function takeNow(consumer: Consumer, max = 100): Promise<Delivery[]> {
  const stop = new AbortController()
  const pulled = consumer.pull(max, stop.signal)
  stop.abort()
  return [...(await pulled)]
}
