import { BackendUnavailableError, EventBusError } from '@bus/core/spi'
import { codeOf } from './driver/driver-error.ts'

/** What the application gets for a failed request that was not about publishing. */
export function unavailable(what: string, brokers: readonly string[], cause: unknown): EventBusError {
  if (EventBusError.is(cause)) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const code = codeOf(cause)
  const hint = reason === 'Closed connection' ? ' by the broker; does it ask for TLS, or for a user and password?' : ''
  const detail = (code === undefined || reason.includes(code) ? reason : `${code}: ${reason}`) + hint
  return new BackendUnavailableError(`${what} failed at Kafka (${brokers.join(', ')}): ${detail}`, { cause })
}
