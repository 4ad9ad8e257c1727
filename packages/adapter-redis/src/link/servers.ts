import type { Link } from './link.ts'
import type { Waker } from './waker.ts'

/** All that an adapter talks to: one server, or the nodes of a cluster. */
export interface Servers {
  readonly address: string
  /** Connected to each server that has a part of the keys. */
  readonly ready: boolean
  /** @throws BackendUnavailableError if the first connections do not come about in time. */
  connect(signal?: AbortSignal): Promise<void>
  /** The way to the server that has `key`, and to all keys with the same hash tag. Always the same object. */
  at(key: string): Link
  /** Where news of `key` are waited for. */
  waker(key: string): Waker
  /** One link to each server, as they are now. */
  nodes(): readonly Link[]
  /** What is wrong at the moment, in words. */
  failure(): Error
  close(): Promise<void>
}
