import { DriverError } from './driver-error.ts'

/** What a request needs the user to be allowed. */
export interface Permission {
  /** As Kafka's access control calls it. */
  readonly operation: 'Describe' | 'Read' | 'Write' | 'Create' | 'Delete'
  readonly topic?: string
  readonly group?: string
}

/** The code, and of a permission that is missing which one: brokers say only of what kind it is. */
export function explained(code: string, { operation, topic, group }: Permission): string {
  switch (code) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      return `${code}: the user lacks the permission ${operation} on the topic "${topic ?? ''}"`
    case 'GROUP_AUTHORIZATION_FAILED':
      return `${code}: the user lacks the permission ${operation} on the group "${group ?? ''}"`
    case 'CLUSTER_AUTHORIZATION_FAILED':
      // https://github.com/apache/kafka/blob/4.1.0/core/src/main/scala/kafka/server/KafkaApis.scala, InitProducerId
      return operation === 'Write'
        ? `${code}: the user lacks the permission Write on any topic (or IdempotentWrite on the cluster)`
        : `${code}: the user lacks the permission ${operation} on the cluster`
    default:
      return code
  }
}

/** The same for what a request was rejected with. */
export function explainedError(error: unknown, permission: Permission): unknown {
  if (!(error instanceof DriverError)) return error
  const message = explained(error.code, permission)
  return message === error.code ? error : new DriverError(error.code, message, error.sent, { cause: error })
}
