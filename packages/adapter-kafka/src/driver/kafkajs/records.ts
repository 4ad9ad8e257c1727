import type { FetchedPartition, LogRecord } from '../driver.ts'
import { codeName } from '../codes.ts'

/** https://github.com/tulios/kafkajs/blob/v2.2.4/src/protocol/recordBatch/record/v0/decoder.js */
interface RawRecord extends LogRecord {
  readonly isControlRecord?: boolean
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
}

export interface RawPartition {
  readonly partition: number
  readonly errorCode: number
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null
  readonly messages: readonly RawRecord[]
}

export function fetchedPartition(topic: string, raw: RawPartition, from: number): FetchedPartition {
  const { partition, messages } = raw
  const error = codeName(raw.errorCode)
  const last = messages.at(-1)
  return {
    topic,
    partition,
    error,
    records: last === undefined ? [] : visible(raw, from),
    next: last === undefined ? undefined : Math.max(from, Number(last.offset) + 1),
  }
}

/** Brokers send whole batches, which may begin before the offset that was asked for. */
function visible({ messages, abortedTransactions }: RawPartition, from: number): readonly LogRecord[] {
  let start = 0
  while (start < messages.length && Number(messages[start]?.offset) < from) start++
  const fresh = start === 0 ? messages : messages.slice(start)
  if (!messages.some((record) => record.isControlRecord === true)) {
    if (abortedTransactions === undefined || abortedTransactions === null || abortedTransactions.length === 0)
      return fresh
  }
  const aborted = [...(abortedTransactions ?? [])].toSorted((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const open = new Set<string>()
  return messages.filter((record) => {
    const offset = Number(record.offset)
    while (aborted.length > 0 && Number(aborted[0]?.firstOffset) <= offset) open.add(aborted.shift()?.producerId ?? '')
    const producer = record.batchContext?.producerId ?? ''
    if (record.isControlRecord === true) {
      // A marker ends its producer's transaction, whichever way.
      open.delete(producer)
      return false
    }
    return offset >= from && !(record.batchContext?.inTransaction === true && open.has(producer))
  })
}
