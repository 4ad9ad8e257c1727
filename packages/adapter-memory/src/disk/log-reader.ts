import { open, type FileHandle } from 'node:fs/promises'
import { checksum, fileHeaderBytes, type Frame, frameHeaderBytes, frameMark, saltOf } from './frame.ts'

const windowBytes = 1024 * 1024

/** Reads a log frame by frame, a piece of the file at a time. */
export class LogReader {
  readonly path: string
  readonly size: number
  readonly salt: number
  readonly #handle: FileHandle
  #window: Buffer = Buffer.alloc(0)
  #windowStart = 0

  private constructor(path: string, handle: FileHandle, size: number, salt: number) {
    this.path = path
    this.#handle = handle
    this.size = size
    this.salt = salt
  }

  /** @throws Error if the file is no log. */
  static async open(path: string): Promise<LogReader> {
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat()
      const header = Buffer.alloc(fileHeaderBytes)
      await handle.read(header, 0, fileHeaderBytes, 0)
      const salt = saltOf(header)
      if (salt === undefined)
        throw new Error(`The log "${path}" is damaged at offset 0: it does not begin as a log does.`)
      return new LogReader(path, handle, size, salt)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** A text says what is wrong at `offset`. */
  async frameAt(offset: number): Promise<Frame | string> {
    const header = await this.#bytes(offset, frameHeaderBytes)
    if (header === undefined) return 'it ends within the head of a frame'
    if (!header.subarray(0, 4).equals(frameMark)) return 'no frame begins here'
    const length = header.readUInt32LE(8)
    const frame = await this.#bytes(offset, frameHeaderBytes + length)
    if (frame === undefined) return 'it ends within a frame'
    if (frame.readUInt32LE(4) !== checksum(frame, { salt: this.salt, offset })) return 'the checksum does not match'
    return { payload: frame.subarray(frameHeaderBytes), synced: frame.readUIntLE(12, 6), end: offset + frame.length }
  }

  /** Whether a sound frame behind `offset` says that what is there had been safe on disk. */
  async wasSynced(offset: number): Promise<boolean> {
    for (let start = offset + 1; start < this.size; start += windowBytes) {
      // Read apart, because looking at candidates moves the window. A mark may lie across the end of it.
      const length = Math.min(windowBytes + frameMark.length - 1, this.size - start)
      const piece = Buffer.from((await this.#bytes(start, length)) ?? Buffer.alloc(0))
      for (let at = piece.indexOf(frameMark); at >= 0; at = piece.indexOf(frameMark, at + 1)) {
        const frame = await this.frameAt(start + at)
        if (typeof frame === 'object' && frame.synced > offset) return true
      }
    }
    return false
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #bytes(offset: number, length: number): Promise<Buffer | undefined> {
    if (offset + length > this.size) return undefined
    const from = offset - this.#windowStart
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length)
    this.#window = Buffer.allocUnsafe(Math.min(Math.max(length, windowBytes), this.size - offset))
    this.#windowStart = offset
    for (let read = 0; read < this.#window.length;) {
      const { bytesRead } = await this.#handle.read(this.#window, read, this.#window.length - read, offset + read)
      if (bytesRead === 0) return undefined
      read += bytesRead
    }
    return this.#window.subarray(0, length)
  }
}
