import type { BaseEvent } from '@bus/core'
import type { Order } from '../events.ts'
import type { DeadLetter } from '../fact.ts'

/** What the bus wrote into the metadata of a dead letter. */
export function deadLetterOf(topic: string, { type, payload, metadata }: BaseEvent<string, Order>): DeadLetter {
  const { failureReason, failureKind, errorName, attempts, originalTopic, originalGroup } = metadata
  const { orderId } = payload
  return {
    topic,
    type,
    orderId,
    reason: failureReason,
    kind: failureKind,
    errorName,
    attempts,
    originalTopic,
    originalGroup,
  }
}

export function noteOf({ reason, attempts }: DeadLetter): string {
  return `${reason}, after ${attempts} ${attempts === 1 ? 'start' : 'starts'}`
}
