import type { Message } from '@bus/core/spi'
import type { Argument } from '../link/link.ts'
import { delay } from '../scripts/delay.ts'
import { publish } from '../scripts/publish.ts'
import type { Script } from '../scripts/script.ts'
import { encodeHeaders } from '../topics/entry.ts'
import type { TopicKeys } from '../topics/keys.ts'
import { partitionOf } from '../topics/partition.ts'
import type { Batch } from './batch.ts'

export interface Call {
  readonly script: Script
  readonly keys: string[]
  readonly args: Argument[]
}

/** Where events go. */
export interface Road {
  /** Its script says when the first of those that wait is due. */
  readonly delays: boolean
  call(batch: Batch, keys: TopicKeys, partitions: number): Call
}

/** Into the streams, at once. */
export const toStreams: Road = { delays: false, call: callPublish }

/** Aside, until they are due. */
export const toDelayed: Road = { delays: true, call: callDelay }

function callPublish(batch: Batch, topic: TopicKeys, partitions: number): Call {
  const { messages, bodies } = batch
  const kept = batch.kept ? 1 : 0
  const keys = [topic.meta, topic.keyedBell, topic.base]
  if (batch.plain) return { script: publish, keys, args: [partitions, kept, 1, '', ...bodies] }
  const streams = topic.streams(partitions)
  const places = new Map<number, number>([[0, 3]])
  const events: Argument[] = []
  for (let index = 0; index < messages.length; index++) {
    const { key, headers } = messages[index] as Message
    const stream = key === undefined ? 0 : partitionOf(key, partitions) + 1
    let place = places.get(stream)
    if (place === undefined) {
      place = keys.push(streams[stream] as string)
      places.set(stream, place)
    }
    events.push(place, key ?? '', encodeHeaders(headers), bodies[index] as string | Buffer)
  }
  const touched = [...places.keys()].filter((stream) => stream > 0).map((stream) => stream - 1)
  return { script: publish, keys, args: [partitions, kept, 4, touched.join(','), ...events] }
}

function callDelay(batch: Batch, topic: TopicKeys, partitions: number): Call {
  const args: Argument[] = [partitions, batch.kept ? 1 : 0]
  for (const [index, message] of batch.messages.entries()) {
    args.push(Math.ceil(message.notBefore ?? 0), headOf(message, partitions), batch.bodies[index] as string | Buffer)
  }
  return { script: delay, keys: [topic.meta, topic.delayed, topic.delayedEntries, topic.delayedBell], args }
}

/** What is needed to store it later, as the script that moves it takes it apart. */
export function headOf({ key, headers }: Message, partitions: number): string {
  const text = encodeHeaders(headers)
  if (key === undefined) return `-1 0 ${Buffer.byteLength(text)}\n${text}`
  return `${partitionOf(key, partitions)} ${Buffer.byteLength(key)} ${Buffer.byteLength(text)}\n${key}${text}`
}

/** Bytes stay bytes; text travels fastest as text. */
export function bodyOf({ body }: Message): string | Buffer {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}
