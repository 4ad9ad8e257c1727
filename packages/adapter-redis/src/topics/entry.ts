import type { Headers, StoredMessage } from '@bus/core/spi'
import { positionOf } from './position.ts'

/** A stream's entry as the client decodes it: id, then names and values in turn. */
export type Row = readonly [id: Buffer, fields: readonly Buffer[]]

const none: Headers = Object.freeze({})
const empty = new Uint8Array(0)

/** A stored message; what is seldom asked for is worked out when it is. */
export class Entry implements StoredMessage {
  readonly topic: string
  readonly key: string | undefined
  readonly body: Uint8Array
  readonly notBefore: number | undefined
  readonly id: string
  readonly #stream: number
  #headers: Buffer | Headers | undefined

  constructor(topic: string, stream: number, id: string, fields: readonly Buffer[]) {
    this.topic = topic
    this.id = id
    this.#stream = stream
    let body: Uint8Array | undefined
    let key: string | undefined
    let notBefore: number | undefined
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const value = fields[at + 1] as Buffer
      switch ((fields[at] as Buffer).toString('latin1')) {
        case 'body':
          body = value
          break
        case 'key':
          key = value.toString()
          break
        case 'headers':
          this.#headers = value
          break
        case 'due':
          notBefore = Number(value.toString('latin1'))
          break
      }
    }
    this.key = key
    this.notBefore = notBefore
    this.body = body ?? foreignBody(fields)
  }

  get headers(): Headers {
    if (this.#headers === undefined) return none
    if (Buffer.isBuffer(this.#headers)) this.#headers = parseHeaders(this.#headers)
    return this.#headers
  }

  get position(): string {
    return positionOf(this.id, this.#stream)
  }

  get storedAt(): number {
    return Number(this.id.slice(0, this.id.indexOf('-')))
  }
}

/** Nothing for no headers. */
export function encodeHeaders(headers: Headers): string {
  for (const _ in headers) return JSON.stringify(headers)
  return ''
}

/** An entry that somebody else wrote: its fields as one JSON object, so that nothing of it is lost. */
function foreignBody(fields: readonly Buffer[]): Uint8Array {
  if (fields.length === 0) return empty
  const pairs = Array.from({ length: fields.length >> 1 }, (_, index) => [
    String(fields[index * 2]),
    String(fields[index * 2 + 1]),
  ])
  return Buffer.from(JSON.stringify(Object.fromEntries(pairs)))
}

function parseHeaders(bytes: Buffer): Headers {
  try {
    const parsed: unknown = JSON.parse(bytes.toString())
    if (typeof parsed === 'object' && parsed !== null) return parsed as Headers
  } catch {
    // A foreign writer's field that happens to have this name.
  }
  return none
}
