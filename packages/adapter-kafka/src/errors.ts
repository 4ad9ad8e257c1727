import { BackendUnavailableError, EventBusError } from '@bus/core/spi'
import { codeOf } from './driver/driver-error.ts'

/** What the application gets for a failed request that was not about publishing. */
export function unavailable(what: string, brokers: readonly string[], cause: unknown): EventBusError {
  if (EventBusError.is(cause)) return cause
  return new BackendUnavailableError(`${what} failed at Kafka (${brokers.join(', ')}): ${detailOf(cause)}`, { cause })
}

/** What ends a publish that has waited long enough; `cause`: what went wrong last, if anything did. */
export function late(ms: number, brokers: readonly string[], cause: unknown): Error {
  const detail = cause === undefined ? '' : `; the last problem: ${detailOf(cause)}`
  return new Error(
    `no answer within ${ms} ms from Kafka (${brokers.join(', ')})${detail}`,
    cause === undefined ? {} : { cause },
  )
}

function detailOf(cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const code = codeOf(cause)
  const hint = reason === 'Closed connection' ? ' by the broker; does it ask for TLS, or for a user and password?' : ''
  return (code === undefined || reason.includes(code) ? reason : `${code}: ${reason}`) + hint
}
