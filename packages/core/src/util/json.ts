/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export interface Snapshot {
  /** Exactly what a JSON round trip of the value gives; `undefined` where JSON has nothing to write. */
  readonly value: unknown
  /** Never less than the bytes of the value written as JSON in UTF-8. */
  readonly maxBytes: number
}

const deepest = 64
// One character takes at most six bytes: an escaped control character.
const bytesPerCharacter = 6
// Quotes, colon, comma; and no number is longer than 25 characters.
const bytesPerMember = 4
const bytesPerNumber = 25

let bytes = 0
const unusual: unique symbol = Symbol('unusual')

/**
 * A copy with the meaning of `JSON.parse(JSON.stringify(value))`, without writing text for ordinary data.
 * Getters with side effects and `toJSON` may run twice.
 * @throws TypeError as `JSON.stringify` does (BigInt, cycles).
 */
export function snapshot(value: unknown): Snapshot {
  // A getter may come here again meanwhile.
  const outer = bytes
  bytes = 0
  try {
    const copy = copyOrdinary(value, 0)
    if (copy !== unusual) return { value: copy, maxBytes: bytes }
  } finally {
    bytes = outer
  }
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) return { value: undefined, maxBytes: 0 }
  return { value: JSON.parse(text), maxBytes: text.length * 3 }
}

function copyOrdinary(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      bytes += value.length * bytesPerCharacter + 2
      return value
    case 'number':
      bytes += bytesPerNumber
      // JSON knows neither negative zero nor what is not finite.
      return value === 0 ? 0 : Number.isFinite(value) ? value : null
    case 'boolean':
      bytes += 5
      return value
    case 'object':
      if (value === null) {
        bytes += 4
        return null
      }
      return depth > deepest || (value as { toJSON?: unknown }).toJSON !== undefined
        ? unusual
        : Array.isArray(value)
          ? copyArray(value, depth)
          : copyObject(value, depth)
    default:
      return unusual
  }
}

function copyArray(value: readonly unknown[], depth: number): unknown {
  const copy: unknown[] = []
  bytes += 2
  for (let i = 0; i < value.length; i++) {
    const item = copyOrdinary(value[i], depth + 1)
    if (item === unusual) return unusual
    bytes += 1
    copy.push(item)
  }
  return copy
}

function copyObject(value: object, depth: number): unknown {
  if (Object.getPrototypeOf(value) !== Object.prototype) return unusual
  const copy: Record<string, unknown> = {}
  bytes += 2
  for (const key of Object.keys(value)) {
    const member = copyOrdinary((value as Record<string, unknown>)[key], depth + 1)
    if (member === unusual || key === '__proto__') return unusual
    bytes += key.length * bytesPerCharacter + bytesPerMember
    copy[key] = member
  }
  return copy
}

/** A copy of what `snapshot` or `JSON.parse` made. */
export function clone<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  return (Array.isArray(value) ? cloneArray(value) : cloneObject(value as Record<string, unknown>)) as Value
}

function cloneArray(value: readonly unknown[]): unknown[] {
  const copy = value.slice()
  for (let i = 0; i < copy.length; i++) {
    const item = copy[i]
    if (typeof item === 'object' && item !== null) copy[i] = clone(item)
  }
  return copy
}

// Spreading first and mending what is nested is several times faster than member by member.
function cloneObject(value: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...value }
  for (const key in copy) {
    const member = copy[key]
    if (typeof member !== 'object' || member === null) continue
    setMember(copy, key, clone(member))
  }
  return copy
}

/** Assigns, but for `__proto__`, which would not become a member that way. */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}
