import { AssignerProtocol } from 'kafkajs'
import type { Assignment, Subscription } from '../driver.ts'
import { DriverError } from '../driver-error.ts'

interface ClientError {
  readonly name?: string
  readonly message?: string
  readonly type?: string
  readonly cause?: unknown
}

/** kafkajs wraps what happened in "tried too often" and "not retriable"; the innermost error says what it was. */
export function driverError(error: unknown, sent: boolean): DriverError {
  if (error instanceof DriverError) return error
  let at = error as ClientError | undefined
  let message = at?.message ?? String(error)
  for (let depth = 0; at !== undefined && at !== null && depth < 5; depth++) {
    message = at.message ?? message
    if (typeof at.type === 'string') return new DriverError(at.type, message, sent, { cause: error })
    const code = local[at.name ?? '']
    if (code !== undefined) return new DriverError(code, message, sent, { cause: error })
    at = at.cause as ClientError | undefined
  }
  return new DriverError('CLIENT', message, sent, { cause: error })
}

const local: Readonly<Record<string, string>> = {
  KafkaJSConnectionError: 'CONNECTION',
  KafkaJSConnectionClosedError: 'CONNECTION',
  KafkaJSBrokerNotFound: 'CONNECTION',
  KafkaJSNoBrokerAvailableError: 'CONNECTION',
  KafkaJSMetadataNotLoaded: 'CONNECTION',
  KafkaJSLockTimeout: 'CONNECTION',
  KafkaJSGroupCoordinatorNotFound: 'GROUP_COORDINATOR_NOT_AVAILABLE',
  KafkaJSRequestTimeoutError: 'TIMEOUT',
  KafkaJSTimeout: 'TIMEOUT',
  KafkaJSNotImplemented: 'UNSUPPORTED_COMPRESSION_TYPE',
  KafkaJSSASLAuthenticationError: 'SASL_AUTHENTICATION_FAILED',
}

export function encodeSubscription({ topics, owned }: Subscription): Buffer {
  return AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [...topics], userData: Buffer.from(owned) })
}

export function decodeSubscription(bytes: Buffer): Subscription {
  const found = AssignerProtocol.MemberMetadata.decode(bytes)
  return { topics: found?.topics ?? [], owned: found?.userData?.toString() ?? '' }
}

const partial = 'partial'

export function encodeAssignment(assignment: Assignment): Buffer {
  const partitions: Record<string, number[]> = {}
  for (const [topic, ids] of Object.entries(assignment.partitions)) partitions[topic] = [...ids]
  const userData = Buffer.from(assignment.partial ? partial : '')
  return AssignerProtocol.MemberAssignment.encode({ version: 0, assignment: partitions, userData })
}

export function decodeAssignment(bytes: Buffer): Assignment {
  const found = AssignerProtocol.MemberAssignment.decode(bytes)
  return { partitions: found?.assignment ?? {}, partial: found?.userData?.toString() === partial }
}
