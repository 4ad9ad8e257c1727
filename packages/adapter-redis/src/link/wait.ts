import { isReply } from './failure.ts'

/** What must have happened to an event, beyond being stored by the primary, before it counts as published. */
export interface StorageWait {
  /** So many replicas have it. */
  readonly replicas: number
  /** It is on the disk of the primary, and of those replicas. */
  readonly disk: boolean
  readonly timeoutMs: number
}

export function waits({ replicas, disk }: StorageWait): boolean {
  return replicas > 0 || disk
}

/** Sent on the connection that wrote: the server counts from what this very connection wrote. */
export function waitCommand({ replicas, disk, timeoutMs }: StorageWait): readonly [name: string, ...args: number[]] {
  return disk ? ['WAITAOF', 1, replicas, timeoutMs] : ['WAIT', replicas, timeoutMs]
}

/** What is missing, in words, by the reply to {@link waitCommand}. */
export function shortfall(reply: unknown, { replicas, disk, timeoutMs }: StorageWait): string | undefined {
  if (isReply(reply)) return `the server does not say whether it is on disk (${reply.message})`
  const [local, had] = disk ? (reply as [number, number]) : [1, reply as number]
  if (local < 1) return `it was not on the disk of the primary within ${timeoutMs} ms`
  if (had < replicas)
    return `only ${had} of ${replicas} replicas had it${disk ? ' on disk' : ''} within ${timeoutMs} ms`
  return undefined
}
