import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

// File:  "BUSLOG1\n", salt (4), checksum of both (4), then frames.
// Frame: mark (4), checksum of all that follows (4), length of the payload (4), what was synced before it (6), payload.
const signature = Buffer.from('BUSLOG1\n')
export const fileHeaderBytes = 16
export const frameHeaderBytes = 18
export const frameMark: Buffer = Buffer.from([0xb5, 0x45, 0x42, 0x4c])

export interface Frame {
  readonly payload: Buffer
  /** Everything before this offset was safe on disk when the frame was written. */
  readonly synced: number
  /** Where the next one begins. */
  readonly end: number
}

export function newSalt(): number {
  return randomInt(2 ** 32)
}

export function fileHeader(salt: number): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  header.set(signature)
  header.writeUInt32LE(salt, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12)
  return header
}

/** `undefined`: it is none. */
export function saltOf(header: Buffer): number | undefined {
  const isHeader = header.subarray(0, 8).equals(signature) && header.readUInt32LE(12) === crc32(header.subarray(0, 12))
  return isHeader ? header.readUInt32LE(8) : undefined
}

/** A frame for one place in one file: a copy of its bytes in some message's body is no frame. */
export function frameOf(parts: readonly Buffer[], place: { salt: number; offset: number; synced: number }): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const frame = Buffer.allocUnsafe(frameHeaderBytes + length)
  frame.set(frameMark)
  frame.writeUInt32LE(length, 8)
  frame.writeUIntLE(place.synced, 12, 6)
  let at = frameHeaderBytes
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  frame.writeUInt32LE(checksum(frame, place), 4)
  return frame
}

export function checksum(frame: Buffer, { salt, offset }: { salt: number; offset: number }): number {
  return crc32(frame.subarray(8), (salt + offset) % 2 ** 32)
}
