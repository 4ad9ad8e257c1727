import type { BaseEvent } from '@bus/core'
import type { Output } from '../terminal/output.ts'
import { shortened, visible } from '../terminal/text.ts'

/** An event, and where it is stored. `publish` takes the same lines. */
export interface EventRecord extends BaseEvent {
  readonly topic: string
  readonly key: string | undefined
  readonly position: string
  readonly storedAt?: string | undefined
}

export async function printEvent(out: Output, record: EventRecord): Promise<void> {
  await out.record(record, () => eventLine(out, record))
}

export function recordOf(event: BaseEvent, place: Omit<EventRecord, keyof BaseEvent>): EventRecord {
  const { topic, position, key } = place
  const { type, payload, metadata } = event
  return { topic, position, key, type, payload, metadata }
}

function eventLine({ paint, width }: Output, { metadata, topic, type, key, payload }: EventRecord): string {
  const parts = [metadata.timestamp, topic, type, key === undefined ? '-' : key].map(visible)
  const text = visible(JSON.stringify(payload) ?? '')
  const left = width - parts.join('  ').length - 2
  const [time = '', where = '', what = '', who = ''] = parts
  return [paint('dim', time), where, paint('bold', what), paint('cyan', who), shortened(text, Math.max(left, 20))].join(
    '  ',
  )
}
