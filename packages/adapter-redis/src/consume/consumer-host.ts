import type { Consumer, Message } from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import type { Waker } from '../link/waker.ts'
import type { Settings } from '../settings.ts'
import type { Catalog } from '../topics/catalog.ts'
import type { Rounds } from '../upkeep/rounds.ts'

/** What consumers need of their adapter. */
export interface ConsumerHost {
  readonly link: Link
  readonly waker: Waker
  readonly catalog: Catalog
  readonly settings: Settings
  /** Every third of a lease. */
  readonly rounds: Rounds
  publish(messages: readonly Message[]): Promise<void>
  /** Something was put aside; the first of all is due in so many milliseconds. */
  delayed(topic: string, nextMs: number): void
  /** So many events were stored, by other means than `publish`. */
  stored(topic: string, events: number): void
  warn(message: string): void
  closed(consumer: Consumer): void
}
