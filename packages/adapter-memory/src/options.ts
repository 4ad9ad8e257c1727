import { ConfigInvalidError, type ConfigIssue } from '@bus/core/spi'

export interface InMemoryAdapterOptions {
  /** How many handled events each topic remembers for its history; default 1,000. What waits to be handled is not counted. */
  readonly maxHistorySize?: number | undefined
  /**
   * How many events of one topic a consumer group may have to handle before `publish()` to that topic is rejected
   * with a `PublishBacklogError`; default 100,000. Nothing is ever dropped.
   */
  readonly maxBacklog?: number | undefined
  /** Keep the events on disk. Not available yet: `true` is a `ConfigInvalidError`. */
  readonly persistToDisk?: boolean | undefined
  /** Where {@link persistToDisk} writes. */
  readonly directory?: string | undefined
}

export interface Limits {
  readonly maxHistorySize: number
  readonly maxBacklog: number
}

/** @throws ConfigInvalidError with everything that is wrong. */
export function limitsOf({
  maxHistorySize = 1_000,
  maxBacklog = 100_000,
  persistToDisk,
}: InMemoryAdapterOptions): Limits {
  const issues: ConfigIssue[] = []
  const whole = (name: string, value: number, min: number): void => {
    if (Number.isSafeInteger(value) && value >= min) return
    issues.push({
      name: `memory.${name}`,
      problem: `${JSON.stringify(value)} is not a whole number of at least ${min}`,
    })
  }
  whole('maxHistorySize', maxHistorySize, 0)
  whole('maxBacklog', maxBacklog, 1)
  if (persistToDisk === true) {
    issues.push({
      name: 'memory.persistToDisk',
      problem: 'is not available yet; the events of this adapter end with the process',
    })
  }
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  return { maxHistorySize, maxBacklog }
}
