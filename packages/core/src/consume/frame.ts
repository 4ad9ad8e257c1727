import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventMetadata } from '../events.ts'
import type { Job } from './job.ts'

/** What is being handled where this code runs. */
export interface Frame {
  /** The bus whose handler it is. */
  readonly bus: object
  readonly metadata: EventMetadata
  readonly job: Job
}

export const frames: AsyncLocalStorage<Frame> = new AsyncLocalStorage()
