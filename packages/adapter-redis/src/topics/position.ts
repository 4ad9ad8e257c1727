import { ConfigInvalidError } from '@bus/core/spi'

// A position is `<milliseconds>-<sequence>.<stream>` with zeros in front, so that plain text comparison is the order of
// the merged streams. Stream 0 is the one without keys, then come the partitions. A sequence of more than six digits
// (only foreign writers choose such) is written in full behind a sign that sorts after every digit.
const pattern = /^(\d{14})-(?:(\d{6})|~(\d{20}))\.(\d{3})$/
const maxSequence = 18_446_744_073_709_551_615n

export interface Place {
  readonly ms: number
  readonly sequence: bigint
  readonly stream: number
}

export function positionOf(id: string, stream: number): string {
  const dash = id.indexOf('-')
  const sequence = id.slice(dash + 1)
  const padded = sequence.length <= 6 ? sequence.padStart(6, '0') : `~${sequence.padStart(20, '0')}`
  return `${id.slice(0, dash).padStart(14, '0')}-${padded}.${String(stream).padStart(3, '0')}`
}

/** @throws ConfigInvalidError unless `position`, which the caller knows by `name`, came from this adapter. */
export function placeOf(position: string, name: string): Place {
  const found = pattern.exec(position)
  if (found === null)
    throw new ConfigInvalidError([{ name, problem: `${JSON.stringify(position)} is not a position of this adapter` }])
  return { ms: Number(found[1]), sequence: BigInt(found[2] ?? found[3] ?? 0), stream: Number(found[4]) }
}

/** The last id of `stream` that does not come after `place`. */
export function lastIdUpTo(place: Place, stream: number): string {
  return stream <= place.stream ? `${place.ms}-${place.sequence}` : lastIdBefore(place.ms, place.sequence)
}

/** The highest id that is lower than `ms-sequence`. */
export function lastIdBefore(ms: number, sequence: bigint = 0n): string {
  if (sequence > 0n) return `${ms}-${sequence - 1n}`
  return ms <= 0 ? '0-0' : `${ms - 1}-${maxSequence}`
}

/** Whether `a` comes before `b`; both are ids as the server writes them, without zeros in front. */
export function isLower(a: string, b: string): boolean {
  const aDash = a.indexOf('-')
  const bDash = b.indexOf('-')
  if (aDash !== bDash) return aDash < bDash
  if (a.length === b.length) return a < b
  const aMs = a.slice(0, aDash)
  const bMs = b.slice(0, bDash)
  return aMs === bMs ? a.length < b.length : aMs < bMs
}

export function compareIds(a: string, b: string): number {
  if (a === b) return 0
  return isLower(a, b) ? -1 : 1
}
