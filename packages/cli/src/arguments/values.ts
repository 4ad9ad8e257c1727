import { UsageError } from '../exit-codes.ts'

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** `500ms`, `5s`, `10m`, `2h`, `7d`, in milliseconds. */
export function duration(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const found = milliseconds(text)
  if (found === undefined)
    throw new UsageError(`--${option}: "${text}" is no duration such as 500ms, 5s, 10m, 2h or 7d.`)
  return found
}

/** A time, or how long ago it was. */
export function date(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const ago = milliseconds(text)
  // Anything else that Date would take, such as "7", means something that nobody meant.
  const time = ago === undefined ? (/^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN) : Date.now() - ago
  if (Number.isNaN(time))
    throw new UsageError(
      `--${option}: "${text}" is neither a time (2026-11-24T08:00Z) nor an age such as 30m, 2h or 7d.`,
    )
  return new Date(time)
}

export function integer(option: string, text: string | undefined, min = 0): number | undefined {
  return number(option, text, min, /^\d+$/, 'whole number')
}

export function positive(option: string, text: string | undefined): number | undefined {
  return number(option, text, Number.MIN_VALUE, /^\d+(\.\d+)?$/, 'number above 0')
}

/** A JSON object. */
export function object(option: string, text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  const value = json(`--${option}`, text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--${option}: ${text} is no JSON object.`)
  return value as Readonly<Record<string, unknown>>
}

export function json(what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${what}: it is no JSON: ${(error as Error).message}`)
  }
}

function number(
  option: string,
  text: string | undefined,
  min: number,
  pattern: RegExp,
  expected: string,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!pattern.test(text) || value < min || value > Number.MAX_SAFE_INTEGER)
    throw new UsageError(`--${option}: "${text}" is no ${expected}${min >= 1 ? ` from ${min} on` : ''}.`)
  return value
}

function milliseconds(text: string): number | undefined {
  const [, amount, unit] = durationPattern.exec(text) ?? []
  return unit === undefined ? undefined : Math.round(Number(amount) * units[unit as keyof typeof units])
}
