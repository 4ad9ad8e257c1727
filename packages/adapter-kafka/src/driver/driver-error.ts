/** What a link rejects with. */
export class DriverError extends Error {
  override readonly name: string = 'DriverError'
  /**
   * The broker's name for it, such as `NOT_COORDINATOR_FOR_GROUP`, or what happened on the way: `CLOSED`, `CONNECTION`,
   * `TIMEOUT`, `CLIENT`.
   */
  readonly code: string
  /** The request may have reached the broker, which may have done what it was asked for. */
  readonly sent: boolean

  constructor(code: string, message: string, sent: boolean, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.sent = sent
  }
}

/** Worth asking again: the cluster is about to be, or to elect, what it takes. */
export function isTransient(error: unknown): boolean {
  return error instanceof DriverError && isTransientCode(error.code)
}

export function isTransientCode(code: string): boolean {
  return transient.has(code)
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof DriverError ? error.code : undefined
}

const transient: ReadonlySet<string> = new Set([
  'CONNECTION',
  'TIMEOUT',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
  'LISTENER_NOT_FOUND',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'THROTTLING_QUOTA_EXCEEDED',
])
