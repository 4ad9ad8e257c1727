import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventMetadata } from '../events.ts'
import type { Job } from './job.ts'

/** What is being handled where this code runs. */
export interface Frame {
  /** The bus whose handler it is. */
  readonly bus: object
  readonly metadata: EventMetadata
  /** `undefined`: it belongs to no subscription. */
  readonly job: Job | undefined
}

export const frames: AsyncLocalStorage<Frame> = new AsyncLocalStorage()

/** The job whose handler this code runs in; `undefined` outside of the bus's handlers, and in what outlives them. */
export function jobAtHand(bus: object): Job | undefined {
  const frame = frames.getStore()
  return frame?.bus === bus && frame.job?.settled === false ? frame.job : undefined
}
