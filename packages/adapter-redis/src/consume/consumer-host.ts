import { ConfigInvalidError, type Consumer, type ConsumeTopic, type Message } from '@bus/core/spi'
import type { Servers } from '../link/servers.ts'
import type { Settings } from '../settings.ts'
import type { Catalog } from '../topics/catalog.ts'
import type { Rounds } from '../upkeep/rounds.ts'

/** What consumers need of their adapter. */
export interface ConsumerHost {
  readonly servers: Servers
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

/** On a cluster, one consumer cannot read topics in one step that are not derived from each other. */
export function assertOneServer({ catalog }: ConsumerHost, topics: readonly ConsumeTopic[]): void {
  if (new Set(topics.map(({ topic }) => catalog.linkTo(topic))).size === 1) return
  const names = topics.map(({ topic }) => JSON.stringify(topic)).join(' and ')
  throw new ConfigInvalidError([{ name: 'topics', problem: `${names} are in different slots of the cluster` }])
}
