import type { Message } from '@bus/core/spi'
import type { MemoryMessage } from '../message.ts'
import { ByteWriter } from './bytes.ts'
import { type GroupRecord, type LogRecord, type TopicRecord, writeRecord } from './records.ts'

/** All that memory holds at one moment. Messages do not change, so that writing it may take its time. */
export interface Snapshot {
  readonly topics: readonly { readonly record: TopicRecord; readonly messages: readonly MemoryMessage[] }[]
  readonly groups: readonly GroupRecord[]
  readonly delayed: Iterable<{ readonly order: number; readonly message: Message }>
}

const frameBytes = 256 * 1024

/** As payloads of frames of moderate size: the process goes on with other things between them. */
export function* payloadsOf(snapshot: Snapshot): Generator<Buffer> {
  let to = new ByteWriter()
  for (const record of recordsOf(snapshot)) {
    writeRecord(to, record)
    if (to.length < frameBytes) continue
    yield to.written
    to = new ByteWriter()
  }
  yield to.written
}

function* recordsOf({ topics, groups, delayed }: Snapshot): Generator<LogRecord> {
  for (const { record, messages } of topics) {
    yield record
    for (const message of messages) {
      const { sequence, storedAt, origin } = message
      yield { kind: 'stored', sequence, storedAt, message: origin }
    }
  }
  yield* groups
  for (const { order, message } of delayed) yield { kind: 'delayed', order, message }
}
