import type { Message } from '@bus/core/spi'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** What can stand in the log. Groups have numbers, because most records are about one of them. */
export type LogRecord =
  /** With `sequence` 0 it has the next place of its topic. */
  | { readonly kind: 'stored'; readonly sequence: number; readonly storedAt: number; readonly message: Message }
  | { readonly kind: 'delayed'; readonly order: number; readonly message: Message }
  /** What was delayed takes its places, in this order. */
  | { readonly kind: 'due'; readonly storedAt: number; readonly orders: readonly number[] }
  | { readonly kind: 'settled'; readonly group: number; readonly sequence: number }
  | { readonly kind: 'noted'; readonly group: number; readonly sequence: number; readonly note: string | undefined }
  | GroupRecord
  | { readonly kind: 'deleted'; readonly group: number }
  | { readonly kind: 'cleared'; readonly topic: string; readonly floor: number }
  | TopicRecord

/** A new group; in a snapshot, one that has passed everything before `cursor`, but for what is `open`. */
export interface GroupRecord {
  readonly kind: 'group'
  readonly group: number
  /** Groups of several topics with the same members have the same crew. */
  readonly crew: number
  readonly topic: string
  readonly name: string
  readonly cursor: number
  readonly open: readonly { readonly sequence: number; readonly note: string | undefined }[]
}

export interface TopicRecord {
  readonly kind: 'topic'
  readonly topic: string
  readonly next: number
  readonly floor: number
  readonly lastStoredAt: number
}

const code = {
  stored: 1,
  delayed: 2,
  due: 3,
  settled: 4,
  noted: 5,
  group: 6,
  deleted: 7,
  cleared: 8,
  topic: 9,
} as const

const has = { key: 1, notBefore: 2, kept: 4, headers: 8 } as const

export function writeRecord(to: ByteWriter, record: LogRecord): void {
  to.byte(code[record.kind])
  switch (record.kind) {
    case 'stored':
      to.number(record.sequence)
      to.number(record.storedAt)
      return writeMessage(to, record.message)
    case 'delayed':
      to.number(record.order)
      return writeMessage(to, record.message)
    case 'due':
      to.number(record.storedAt)
      to.number(record.orders.length)
      for (const order of record.orders) to.number(order)
      return
    case 'settled':
      to.number(record.group)
      return to.number(record.sequence)
    case 'noted':
      to.number(record.group)
      to.number(record.sequence)
      return writeOptional(to, record.note)
    case 'group':
      return writeGroup(to, record)
    case 'deleted':
      return to.number(record.group)
    case 'cleared':
      to.text(record.topic)
      return to.number(record.floor)
    case 'topic':
      to.text(record.topic)
      to.number(record.next)
      to.number(record.floor)
      return to.number(record.lastStoredAt)
  }
}

/** @throws Error if it is none. */
export function readRecord(from: ByteReader): LogRecord {
  const kind = from.byte()
  switch (kind) {
    case code.stored:
      return { kind: 'stored', sequence: from.number(), storedAt: from.number(), message: readMessage(from) }
    case code.delayed:
      return { kind: 'delayed', order: from.number(), message: readMessage(from) }
    case code.due:
      return { kind: 'due', storedAt: from.number(), orders: readList(from, () => from.number()) }
    case code.settled:
      return { kind: 'settled', group: from.number(), sequence: from.number() }
    case code.noted:
      return { kind: 'noted', group: from.number(), sequence: from.number(), note: readOptional(from) }
    case code.group:
      return readGroup(from)
    case code.deleted:
      return { kind: 'deleted', group: from.number() }
    case code.cleared:
      return { kind: 'cleared', topic: from.text(), floor: from.number() }
    case code.topic: {
      const topic = from.text()
      return { kind: 'topic', topic, next: from.number(), floor: from.number(), lastStoredAt: from.number() }
    }
    default:
      throw new RangeError(`${kind} is no kind of record that this version knows`)
  }
}

function writeMessage(to: ByteWriter, message: Message): void {
  const { topic, key, headers, notBefore, body, retention } = message
  const names = Object.keys(headers)
  to.byte(
    (key === undefined ? 0 : has.key) |
      (notBefore === undefined ? 0 : has.notBefore) |
      (retention === 'kept' ? has.kept : 0) |
      (names.length === 0 ? 0 : has.headers),
  )
  to.text(topic)
  if (key !== undefined) to.text(key)
  if (notBefore !== undefined) to.double(notBefore)
  if (names.length > 0) {
    to.number(names.length)
    for (const name of names) {
      to.text(name)
      to.text(headers[name] as string)
    }
  }
  if (typeof body === 'string') to.text(body)
  else to.bytes(body)
}

function readMessage(from: ByteReader): Message {
  const flags = from.byte()
  const topic = from.text()
  const key = (flags & has.key) === 0 ? undefined : from.text()
  const notBefore = (flags & has.notBefore) === 0 ? undefined : from.double()
  const headers =
    (flags & has.headers) === 0 ? {} : Object.fromEntries(readList(from, () => [from.text(), from.text()] as const))
  const body = from.bytes()
  return { topic, key, headers, notBefore, body, ...((flags & has.kept) === 0 ? {} : { retention: 'kept' }) }
}

function writeGroup(to: ByteWriter, { group, crew, topic, name, cursor, open }: GroupRecord): void {
  to.number(group)
  to.number(crew)
  to.text(topic)
  to.text(name)
  to.number(cursor)
  to.number(open.length)
  for (const { sequence, note } of open) {
    to.number(sequence)
    writeOptional(to, note)
  }
}

function readGroup(from: ByteReader): GroupRecord {
  const [group, crew] = [from.number(), from.number()]
  const [topic, name] = [from.text(), from.text()]
  const cursor = from.number()
  const open = readList(from, () => ({ sequence: from.number(), note: readOptional(from) }))
  return { kind: 'group', group, crew, topic, name, cursor, open }
}

function writeOptional(to: ByteWriter, text: string | undefined): void {
  to.byte(text === undefined ? 0 : 1)
  if (text !== undefined) to.text(text)
}

function readOptional(from: ByteReader): string | undefined {
  return from.byte() === 0 ? undefined : from.text()
}

function readList<Item>(from: ByteReader, readItem: () => Item): Item[] {
  const items: Item[] = []
  for (let count = from.number(); count > 0; count--) items.push(readItem())
  return items
}
