import type { Message } from '@bus/core/spi'
import type { Driver, Link } from './driver/driver.ts'
import type { Names } from './names.ts'
import type { Settings } from './settings.ts'
import type { Topics } from './topics/topics.ts'

/** What the parts of one adapter share. */
export interface Common {
  readonly driver: Driver
  /** For everything that needs no socket of its own. */
  readonly link: Link
  readonly topics: Topics
  readonly names: Names
  readonly settings: Settings
  publish(messages: readonly Message[]): Promise<void>
}
