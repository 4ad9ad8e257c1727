import assert from 'node:assert/strict'
import type { Delivery, EventBusAdapter, Message, ReadRange, StoredMessage } from '../../spi/index.ts'

export function message(topic: string, body: string | Uint8Array, extra: Partial<Message> = {}): Message {
  return { topic, headers: {}, body, ...extra }
}

/** Property by property: messages of the core compute theirs, and a spread would miss them. */
export function altered(original: Message, changes: Partial<Message>): Message {
  const { topic, key, headers, body, notBefore, retention } = original
  return { topic, key, headers, body, notBefore, retention, ...changes }
}

export function alteredStored(original: StoredMessage, changes: Partial<StoredMessage>): StoredMessage {
  const { topic, key, headers, body, notBefore, retention, position, storedAt } = original
  return { topic, key, headers, body, notBefore, retention, position, storedAt, ...changes }
}

/** Bodies `<prefix>1` to `<prefix><count>`. */
export function numbered(topic: string, count: number, extra: Partial<Message> = {}, prefix = ''): Message[] {
  return Array.from({ length: count }, (_, index) => message(topic, `${prefix}${index + 1}`, extra))
}

export function bodyOf({ body }: Message): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

export function bodies(of: readonly (Delivery | StoredMessage)[]): string[] {
  return of.map((one) => bodyOf('message' in one ? one.message : one))
}

export async function ack(deliveries: readonly Delivery[]): Promise<void> {
  await Promise.all(deliveries.map((delivery) => delivery.ack()))
}

export async function history(adapter: EventBusAdapter, range: ReadRange): Promise<StoredMessage[]> {
  const found: StoredMessage[] = []
  for await (const stored of adapter.read(range)) found.push(stored)
  return found
}

/** Each of `expected` is among `found` once, and nothing else is; the order does not matter. */
export function assertSame(found: readonly string[], expected: readonly string[], what: string): void {
  const counts = new Map<string, number>()
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1)
  const missing = expected.filter((one) => !counts.has(one))
  const repeated = [...counts].filter(([, count]) => count > 1).map(([one]) => one)
  const known = new Set(expected)
  const foreign = [...counts.keys()].filter((one) => !known.has(one))
  assert.deepEqual(
    { missing, repeated, foreign },
    { missing: [], repeated: [], foreign: [] },
    what + difference({ missing, repeated, foreign }),
  )
}

function difference(parts: Record<string, readonly string[]>): string {
  const words = Object.entries(parts).filter(([, list]) => list.length > 0)
  return words
    .map(([part, list]) => `; ${part}: ${list.slice(0, 10).join(', ')}${list.length > 10 ? ' …' : ''}`)
    .join('')
}

/** Messages with and without a key may take quite different ways: what must hold for both is tried with both. */
export async function withAndWithoutKey(body: (key: string | undefined) => Promise<void>): Promise<void> {
  await Promise.all([body(undefined), body('key')])
}
