import type { Headers, StoredMessage } from '@bus/core/spi'
import type { HeaderValue, LogRecord } from './driver/driver.ts'
import { notBeforeHeader } from './headers.ts'
import { keyText } from './keys.ts'
import { positionOf } from './position.ts'

const empty = new Uint8Array(0)
const none: Headers = Object.freeze({})

/** A record as the core sees it. What is rarely asked for is made when it is. */
export class KafkaMessage implements StoredMessage {
  readonly topic: string
  readonly key: string | undefined
  readonly body: Uint8Array
  readonly #record: LogRecord
  readonly #partition: number
  #headers: Headers | undefined

  constructor(topic: string, partition: number, record: LogRecord) {
    this.topic = topic
    const { key, value } = record
    this.key = key === null || key.length === 0 ? undefined : keyText(key)
    this.body = value ?? empty
    this.#partition = partition
    this.#record = record
  }

  get headers(): Headers {
    return (this.#headers ??= readHeaders(this.#record))
  }

  get notBefore(): number | undefined {
    return notBeforeOf(this.#record)
  }

  get position(): string {
    return positionOf(this.#record.timestamp, this.#partition, this.#record.offset)
  }

  get storedAt(): number {
    return Number(this.#record.timestamp)
  }
}

export function notBeforeOf({ headers }: LogRecord): number | undefined {
  const value = headers[notBeforeHeader]
  if (value === undefined) return undefined
  const time = Number(textOf(value))
  return Number.isFinite(time) ? time : undefined
}

function readHeaders({ headers }: LogRecord): Headers {
  let found: Record<string, string> | undefined
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && name !== notBeforeHeader) (found ??= {})[name] = textOf(value)
  }
  return found ?? none
}

/** Of a name that was given twice, the last: as other clients do. */
function textOf(value: HeaderValue | readonly HeaderValue[]): string {
  const one = isList(value) ? value.at(-1) : value
  return one?.toString() ?? ''
}

function isList(value: HeaderValue | readonly HeaderValue[]): value is readonly HeaderValue[] {
  return Array.isArray(value)
}
