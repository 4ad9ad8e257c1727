import { EventBusError } from '../../src/errors.ts'
import type { FakeAdapter } from './fake-adapter.ts'

const utf8 = new TextDecoder()

/** What is stored in a topic, as others would read it. */
export function envelopes(adapter: FakeAdapter, topic: string): Record<string, unknown>[] {
  return adapter.stored(topic).map(({ body }) => JSON.parse(utf8.decode(body)) as Record<string, unknown>)
}

/** The error of this library that `work` rejects with; anything else fails the test. */
export async function rejection(work: Promise<unknown>): Promise<EventBusError> {
  const error: unknown = await work.then(
    () => new Error('it resolved'),
    (reason: unknown) => reason,
  )
  if (EventBusError.is(error)) return error
  throw error
}
