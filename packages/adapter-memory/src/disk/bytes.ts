const none: Buffer = Buffer.alloc(0)

/** Numbers, texts and bytes one after the other, in memory that grows. */
export class ByteWriter {
  #bytes = none
  #length = 0

  get length(): number {
    return this.#length
  }

  /** A view; valid until more is written. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A whole number from 0, in as few bytes as it needs. */
  number(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.number(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(value, this.#length)
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.raw(value)
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  clear(): void {
    this.#length = 0
    // What one large batch needed is not held for ever.
    if (this.#bytes.length > 1024 * 1024) this.#bytes = none
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(1024, needed, 2 * this.#bytes.length))
    larger.set(this.written)
    this.#bytes = larger
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length
  }

  byte(): number {
    return this.#take(1)[0] as number
  }

  number(): number {
    let value = 0
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
    }
  }

  double(): number {
    return this.#take(8).readDoubleLE()
  }

  text(): string {
    return this.#take(this.number()).toString()
  }

  /** A copy, so that one message does not hold all that was read with it. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#take(this.number()))
  }

  #take(count: number): Buffer {
    const start = this.#position
    this.#position += count
    if (this.#position > this.#bytes.length) throw new RangeError('a record ends too early')
    return this.#bytes.subarray(start, this.#position)
  }
}
