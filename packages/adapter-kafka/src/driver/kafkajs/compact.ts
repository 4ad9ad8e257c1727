// The "flexible" encoding of newer requests, which the decoder of kafkajs speaks for a few administrative ones only.
// https://kafka.apache.org/protocol.html#protocol_types

/** What kafkajs takes for one of its own encoders. */
export interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
}

export function encoded(parts: readonly Buffer[]): Encoded {
  const bytes = Buffer.concat(parts)
  return { buf: bytes, buffer: bytes }
}

/** No tagged fields; also the end of a request's header, which kafkajs leaves out. */
export const noTags: Buffer = Buffer.from([0])

/** `UNSIGNED_VARINT`. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** `COMPACT_STRING`. */
export function compactText(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length + 1), bytes])
}

export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    return this.take(2).readInt16BE()
  }

  int32(): number {
    return this.take(4).readInt32BE()
  }

  boolean(): boolean {
    return this.take(1)[0] !== 0
  }

  varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.take(1)[0] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  /** `COMPACT_NULLABLE_STRING`. */
  text(): string | null {
    const length = this.varint()
    return length === 0 ? null : this.take(length - 1).toString()
  }

  /** `COMPACT_ARRAY`; none counts as empty. */
  list<Item>(item: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.varint() - 1) }, item)
  }

  skipTags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint()
      this.take(this.varint())
    }
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('The answer is shorter than it says.')
    return this.#bytes.subarray(this.#at, (this.#at = end))
  }
}
