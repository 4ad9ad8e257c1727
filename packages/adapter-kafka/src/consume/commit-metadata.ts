import type { Committed } from '../driver/driver.ts'
import type { Run } from './offset-tracker.ts'

/** What travels with a committed offset, so that whoever takes over knows it too. Offsets are absolute here. */
export interface CommitNote {
  /** Which of the topics of this name the offsets are of; `undefined`: not known. */
  readonly topicId?: string | undefined
  /** How often the record at `mark` was begun without coming to an orderly end. */
  readonly starts: number
  /** The lowest offset that was not done and did not wait for its time; default: the committed one. */
  readonly mark?: number | undefined
  /** The last time it was on loan alone: if the process died, it died of this one. */
  readonly alone: boolean
  /** The highest offset that was on loan. */
  readonly reach: number | undefined
  /** What is done above the committed offset. */
  readonly done: readonly Run[]
  /** What was left with records that were given back. */
  readonly notes: readonly (readonly [offset: number, note: string])[]
}

export const nothingNoted: CommitNote = { starts: 0, alone: false, reach: undefined, done: [], notes: [] }

/** `offset.metadata.max.bytes` of brokers, less a reserve. */
export const maxMetadataBytes = 4000

interface Wire {
  t?: string
  r?: number
  a?: 1
  h?: number
  m?: number
  n?: (readonly [number, string])[]
  d?: (readonly [number, number])[]
  b?: string
}

/** JSON of at most `maxBytes`. If it does not all fit: first the counts, then notes, then what is done, lowest first. */
export function encodeNote(base: number, note: CommitNote, maxBytes: number): string {
  const wire: Wire = note.topicId === undefined ? {} : { t: note.topicId }
  if (note.starts > 0) {
    wire.r = note.starts
    if (note.alone) wire.a = 1
    if (note.mark !== undefined && note.mark > base) wire.m = note.mark - base
    if (note.reach !== undefined && note.reach > base) wire.h = note.reach - base
  }
  let left = maxBytes - JSON.stringify(wire).length - 20
  const notes: (readonly [number, string])[] = []
  for (const [offset, text] of note.notes) {
    const entry = [offset - base, text] as const
    left -= Buffer.byteLength(JSON.stringify(entry)) + 1
    if (left < 0) break
    notes.push(entry)
  }
  if (notes.length > 0) wire.n = notes
  Object.assign(wire, encodeRuns(base, note.done, left))
  const text = JSON.stringify(wire)
  return text === '{}' || text.length > maxBytes ? '' : text
}

/** What others wrote there is nothing to this adapter. */
export function decodeNote(base: number, text: string): CommitNote {
  if (!text.startsWith('{')) return nothingNoted
  try {
    const { t, r, a, h, m, n, d, b } = JSON.parse(text) as Partial<Record<keyof Wire, unknown>>
    return {
      topicId: typeof t === 'string' ? t : undefined,
      starts: isCount(r) ? r : 0,
      alone: a === 1,
      mark: isCount(m) ? base + m : undefined,
      reach: isCount(h) ? base + h : undefined,
      done: typeof b === 'string' ? decodeBits(base, b) : decodeRuns(base, d),
      notes: pairs(n).flatMap(([at, note]) => (isCount(at) && typeof note === 'string' ? [[base + at, note]] : [])),
    }
  } catch {
    return nothingNoted
  }
}

/** Whether the offset may be one of the topic that is there now. */
export function isOfTopic({ offset, metadata }: Committed, topicId: string | undefined): boolean {
  const noted = decodeNote(offset, metadata).topicId
  return noted === undefined || topicId === undefined || noted === topicId
}

/** As pairs, or, where these would be too many, as bits from `base` on: whichever reaches further in `maxLength`. */
function encodeRuns(base: number, runs: readonly Run[], maxLength: number): Pick<Wire, 'd' | 'b'> {
  const pairsThatFit: (readonly [number, number])[] = []
  let left = maxLength
  for (const [first, last] of runs) {
    const entry = [first - base, last - first] as const
    left -= JSON.stringify(entry).length + 1
    if (left < 0) break
    pairsThatFit.push(entry)
  }
  if (pairsThatFit.length === 0) return {}
  const covered = runs[pairsThatFit.length - 1] as Run
  const bits = Math.floor((maxLength - 8) / 4) * 3 * 8
  if (pairsThatFit.length === runs.length || covered[1] >= base + bits) return { d: pairsThatFit }
  const bytes = new Uint8Array(bits / 8)
  let length = 0
  for (const [first, last] of runs) {
    for (let bit = first - base; bit <= last - base && bit < bits; bit++) {
      length = (bit >> 3) + 1
      bytes[length - 1] = (bytes[length - 1] as number) | (1 << (bit & 7))
    }
  }
  return { b: Buffer.from(bytes.subarray(0, length)).toString('base64') }
}

function decodeRuns(base: number, wire: unknown): readonly Run[] {
  return pairs(wire).flatMap(([first, more]) =>
    isCount(first) && isCount(more) ? [[base + first, base + first + more]] : [],
  )
}

function decodeBits(base: number, wire: string): readonly Run[] {
  const runs: [number, number][] = []
  const bytes = Buffer.from(wire, 'base64')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if (((bytes[bit >> 3] as number) & (1 << (bit & 7))) === 0) continue
    const last = runs.at(-1)
    if (last?.[1] === base + bit - 1) last[1]++
    else runs.push([base + bit, base + bit])
  }
  return runs
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function pairs(value: unknown): readonly (readonly [unknown, unknown])[] {
  return Array.isArray(value) ? value.filter((pair) => Array.isArray(pair) && pair.length === 2) : []
}
