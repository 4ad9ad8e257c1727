import { ConfigInvalidError, type ConfigIssue } from '../errors.ts'
import type { Env } from './definition.ts'

interface Bounds {
  readonly min?: number
  readonly max?: number
}

/** Reads variables one by one and remembers what is wrong with them. Values of secrets never reach a message. */
export interface EnvReader {
  string(name: string): string | undefined
  integer(name: string, bounds?: Bounds): number | undefined
  /** `true`, `1`, `yes`, `on`, and their opposites, in any case. */
  boolean(name: string): boolean | undefined
  /** Separated by commas; blanks around items are dropped. */
  list(name: string): readonly string[] | undefined
  oneOf<const Value extends string>(name: string, values: readonly Value[]): Value | undefined
  /** For what only the adapter can judge. */
  issue(name: string, problem: string): void
}

/**
 * Calls `read` and returns its result, or throws one `ConfigInvalidError` with everything that was wrong.
 * An empty variable counts as unset.
 */
export function readEnv<Options>(env: Env, read: (reader: EnvReader) => Options): Options {
  const issues: ConfigIssue[] = []
  const issue = (name: string, problem: string): void => void issues.push({ name, problem })
  const string = (name: string): string | undefined => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const parsed = <Value>(
    name: string,
    expected: string,
    parse: (value: string) => Value | undefined,
  ): Value | undefined => {
    const value = string(name)
    if (value === undefined) return undefined
    const result = parse(value)
    if (result === undefined) issue(name, `${shown(name, value)} is not ${expected}`)
    return result
  }
  const reader: EnvReader = {
    string,
    integer(name, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
      return parsed(name, `a whole number ${range}`, (value) => {
        const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN
        return number >= min && number <= max ? number : undefined
      })
    },
    boolean: (name) => parsed(name, 'true or false', (value) => booleans.get(value.toLowerCase())),
    list(name) {
      const items = string(name)
        ?.split(',')
        .map((item) => item.trim())
        .filter(Boolean)
      return items === undefined || items.length === 0 ? undefined : items
    },
    oneOf: (name, values) =>
      parsed(name, `one of ${values.join(', ')}`, (value) => values.find((known) => known === value.toLowerCase())),
    issue,
  }
  const options = read(reader)
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  return options
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
])

const secret = /PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL/i

function shown(name: string, value: string): string {
  return secret.test(name) ? 'the value (hidden)' : JSON.stringify(withoutUserInfo(value))
}

/** A connection address without what stands before the last `@`: a password may hold any character. */
export function withoutUserInfo(value: string): string {
  return value.replace(/\/\/[^]*@/, '//…@')
}
