import { ConfigInvalidError, type ConfigIssue } from '@bus/core/spi'
import type { DiskOptions } from './disk/disk-journal.ts'
import type { FsyncLevel } from './disk/log-writer.ts'
import type { TopicLimits } from './topic.ts'

export interface InMemoryAdapterOptions {
  /** How many handled events each topic remembers for its history; default 1,000. What waits to be handled is not counted. */
  readonly maxHistorySize?: number | undefined
  /**
   * How many events of one topic a consumer group may have to handle before `publish()` to that topic is rejected
   * with a `PublishBacklogError`; default 100,000. Nothing is ever dropped.
   */
  readonly maxBacklog?: number | undefined
  /**
   * Keep everything in a directory, too, so that it outlives the process: events, the positions of groups, dead
   * letters, what is delayed. Default `false`. What the process holds does not become smaller by it.
   */
  readonly persistToDisk?: boolean | undefined
  /**
   * Where {@link persistToDisk} writes; default `.event-bus` in the working directory. It is made if there is none. One
   * adapter at a time can use it: `initialize()` of another one rejects with a `BackendUnavailableError` that names the process.
   */
  readonly directory?: string | undefined
  /**
   * What `publish()` waits for on disk. `interval`, the default: that the operating system has the event; it outlives the
   * process, and a power cut takes at most the last {@link fsyncIntervalMs}. `always`: that the disk has it (fsync); calls
   * that come at the same time share one.
   */
  readonly fsync?: FsyncLevel | undefined
  /** With `fsync: 'interval'`: milliseconds from a write to its fsync; default 1,000. */
  readonly fsyncIntervalMs?: number | undefined
  /** Told what an operator should know (a torn end of the log was cut off). Default `process.emitWarning`. */
  readonly warn?: ((message: string) => void) | undefined
}

export interface Settings {
  readonly limits: TopicLimits
  /** `undefined`: everything ends with the process. */
  readonly disk: DiskOptions | undefined
}

const longestTimeout = 2 ** 31 - 1

/** @throws ConfigInvalidError with everything that is wrong. */
export function settingsOf({
  maxHistorySize = 1_000,
  maxBacklog = 100_000,
  persistToDisk = false,
  directory = '.event-bus',
  fsync = 'interval',
  fsyncIntervalMs = 1_000,
  warn = (message) => process.emitWarning(`[@bus/adapter-memory] ${message}`),
}: InMemoryAdapterOptions): Settings {
  const issues: ConfigIssue[] = []
  const check = (isRight: boolean, name: string, value: unknown, expected: string): void => {
    if (!isRight) issues.push({ name: `memory.${name}`, problem: `${JSON.stringify(value)} is not ${expected}` })
  }
  const whole = (name: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): void => {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    check(Number.isSafeInteger(value) && value >= min && value <= max, name, value, `a whole number ${range}`)
  }
  whole('maxHistorySize', maxHistorySize, 0)
  whole('maxBacklog', maxBacklog, 1)
  whole('fsyncIntervalMs', fsyncIntervalMs, 1, longestTimeout)
  check(fsync === 'always' || fsync === 'interval', 'fsync', fsync, '"always" or "interval"')
  check(typeof directory === 'string' && directory !== '', 'directory', directory, 'the path of a directory')
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  return {
    limits: { maxHistorySize, maxBacklog },
    disk: persistToDisk ? { directory, fsync, fsyncIntervalMs, warn } : undefined,
  }
}
