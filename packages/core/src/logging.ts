import type { PlacedMiddleware } from './consume/middleware.ts'
import type { PublishMiddleware } from './publish-middleware.ts'
import { systemClock } from './util/clock.ts'
import { errorText } from './util/error-text.ts'
import { type Logger, writeTo } from './util/logger.ts'

export interface LogOptions {
  /** Of what went well; default `'debug'`. What failed is a warning. */
  readonly level?: 'debug' | 'info' | undefined
  /** Milliseconds from which on also what went well is a warning; default: never. */
  readonly slowMs?: number | undefined
}

/**
 * A middleware that writes a line for each start of a handler, when it has ended. Fields: `topic`, `consumerGroup`,
 * `eventId`, `type`, `key`, `correlationId`, `attempt`, `durationMs`, and `error`; never the payload, which may be
 * nobody's business.
 */
export function logHandling(logger: Logger, options: LogOptions = {}): PlacedMiddleware {
  return {
    // Inside the span, so that a logger can find the trace.
    place: 'metrics',
    handle({ type, metadata: { eventId, correlationId } }, { topic, consumerGroup, key, attempt }, next) {
      const fields = { topic, consumerGroup, eventId, type, key, correlationId, attempt }
      return logged(logger, options, ['an event was handled', 'a handler failed'], fields, next)
    },
  }
}

/** A middleware that writes a line for each event that was published, or was not. Fields as those of `logHandling`. */
export function logPublishing(logger: Logger, options: LogOptions = {}): PublishMiddleware {
  return (event, next) => {
    // Given here, so that this line and those of the handlers can be found by the same id.
    event.metadata = { ...event.metadata, eventId: event.metadata.eventId ?? systemClock.uuid() }
    const { topic, type, key, metadata } = event
    const fields = { topic, eventId: metadata.eventId, type, key, correlationId: metadata.correlationId }
    return logged(logger, options, ['an event was published', 'an event was not published'], fields, next)
  }
}

async function logged(
  logger: Logger,
  { level = 'debug', slowMs = Number.POSITIVE_INFINITY }: LogOptions,
  [done, failed]: readonly [done: string, failed: string],
  fields: Readonly<Record<string, unknown>>,
  next: () => Promise<void>,
): Promise<void> {
  const start = systemClock.now()
  const tookMs = (): number => Math.max(0, systemClock.now() - start)
  try {
    await next()
  } catch (error) {
    writeTo(logger, 'warn', failed, { ...fields, durationMs: tookMs(), error: errorText(error) })
    throw error
  }
  const durationMs = tookMs()
  writeTo(logger, durationMs >= slowMs ? 'warn' : level, done, { ...fields, durationMs })
}
