import { settle } from '../failure/settle.ts'
import type { Message } from '../spi/message.ts'
import type { FailureHost } from './failure-host.ts'
import type { Job } from './job.ts'

/**
 * Has a copy of a job's event take its place: stored first, acknowledged then. `false`: it did not come to that, and
 * the job is out of this subscription's hands already, given back or taken over by another member.
 */
export async function relocate(
  host: FailureHost,
  job: Job,
  copy: Message,
  operation: string,
  smaller?: () => Message,
): Promise<boolean> {
  const { adapter, clock, hooks, policy, signal, topic } = host
  const report = (error: unknown, what: string): void =>
    hooks.emit('error', { error, operation: what, topic, consumerGroup: policy.consumerGroup })
  const settling = {
    clock,
    publish: (messages: readonly Message[]) => adapter.publish(messages),
    copyFailed: (error: unknown) => report(error, operation),
  }
  try {
    const settled = await settle(settling, job.delivery, copy, signal, smaller)
    if (settled === 'stopped') host.giveBack(job)
    if (settled === 'lost') host.done(job)
    return settled === 'settled'
  } catch (error) {
    // The copy is stored, only the acknowledgement failed: the event may come once more.
    report(error, 'acknowledging')
    return true
  }
}
