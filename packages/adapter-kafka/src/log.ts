import type { KafkaLogger } from './options.ts'

export interface Log {
  readonly enabled: boolean
  debug(message: string): void
  warn(message: string): void
}

const warnEveryMs = 1_000

/** Without a logger warnings are emitted by the process: what was lost to retention is not to be lost in silence. */
export function logFrom(logger: KafkaLogger | undefined): Log {
  const warned = new Map<string, number>()
  const print =
    logger === undefined
      ? (message: string): void => process.emitWarning(`[@bus/adapter-kafka] ${message}`)
      : logger.warn?.bind(logger)
  return {
    enabled: logger?.debug !== undefined,
    debug: (message) => logger?.debug?.(message),
    /** Each thing at most once a second. */
    warn: (message) => {
      const now = performance.now()
      if (now - (warned.get(message) ?? -warnEveryMs) < warnEveryMs) return
      if (warned.size > 1_000) warned.clear()
      warned.set(message, now)
      print?.(message)
    },
  }
}
