import { EventBusError } from '@bus/core'

/** What a command ends with; scripts go by these. */
export const exitCodes = {
  ok: 0,
  /** Something, or a part of it, was not done. */
  failed: 1,
  /** The call, the configuration, a name or an event is wrong: trying again does not help. */
  usage: 2,
  /** The backend does not answer, or something is wrong with it. */
  unhealthy: 3,
  /** Not confirmed: nothing was done. */
  refused: 4,
  /** By Ctrl-C or a signal, before it was done. */
  interrupted: 130,
} as const

/** The call is wrong. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

/** Nobody confirmed. */
export class RefusedError extends Error {
  override readonly name: string = 'RefusedError'
}

export class InterruptedError extends Error {
  override readonly name: string = 'InterruptedError'

  constructor() {
    super('Interrupted.')
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (error instanceof RefusedError) return exitCodes.refused
  if (error instanceof InterruptedError) return exitCodes.interrupted
  if (!EventBusError.is(error)) return exitCodes.failed
  switch (error.code) {
    case 'BUS_CONFIG_INVALID':
    case 'BUS_ADAPTER_UNKNOWN':
    case 'BUS_ADAPTER_NOT_INSTALLED':
    case 'BUS_ADAPTER_INCOMPATIBLE':
    case 'BUS_EVENT_INVALID':
    case 'BUS_TOPIC_INVALID':
    case 'BUS_PAYLOAD_TOO_LARGE':
      return exitCodes.usage
    case 'BUS_BACKEND_UNAVAILABLE':
    case 'BUS_TIMEOUT':
      return exitCodes.unhealthy
    default:
      return exitCodes.failed
  }
}
