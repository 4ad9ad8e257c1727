import type { Run } from './offset-tracker.ts'

/** What travels with a committed offset, so that whoever takes over knows it too. Offsets are absolute here. */
export interface CommitNote {
  /** How often the record at the committed offset was begun without coming to an orderly end. */
  readonly starts: number
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
  r?: number
  a?: 1
  h?: number
  n?: (readonly [number, string])[]
  d?: (readonly [number, number])[]
}

/** JSON of at most `maxBytes`. If it does not all fit: first the counts, then notes, then what is done, lowest first. */
export function encodeNote(base: number, note: CommitNote, maxBytes: number): string {
  const wire: Wire = {}
  if (note.starts > 0) {
    wire.r = note.starts
    if (note.alone) wire.a = 1
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
  const done: (readonly [number, number])[] = []
  for (const [first, last] of note.done) {
    const entry = [first - base, last - first] as const
    left -= JSON.stringify(entry).length + 1
    if (left < 0) break
    done.push(entry)
  }
  if (done.length > 0) wire.d = done
  const text = JSON.stringify(wire)
  return text === '{}' || text.length > maxBytes ? '' : text
}

/** What others wrote there is nothing to this adapter. */
export function decodeNote(base: number, text: string): CommitNote {
  if (!text.startsWith('{')) return nothingNoted
  try {
    const { r, a, h, n, d } = JSON.parse(text) as Partial<Record<keyof Wire, unknown>>
    return {
      starts: isCount(r) ? r : 0,
      alone: a === 1,
      reach: isCount(h) ? base + h : undefined,
      done: pairs(d).flatMap(([first, more]) =>
        isCount(first) && isCount(more) ? [[base + first, base + first + more]] : [],
      ),
      notes: pairs(n).flatMap(([at, note]) => (isCount(at) && typeof note === 'string' ? [[base + at, note]] : [])),
    }
  } catch {
    return nothingNoted
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function pairs(value: unknown): readonly (readonly [unknown, unknown])[] {
  return Array.isArray(value) ? value.filter((pair) => Array.isArray(pair) && pair.length === 2) : []
}
