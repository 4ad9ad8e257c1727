import { LoanLostError, PublishError, TimeoutError, type Message } from '@bus/core/spi'
import { explained, isReply, NotSentError } from '../link/failure.ts'
import type { Link } from '../link/link.ts'
import { bodyOf, headOf } from '../publish/encode.ts'
import { forward } from '../scripts/settle.ts'
import type { Catalog } from '../topics/catalog.ts'
import { encodeHeaders } from '../topics/entry.ts'
import { partitionOf } from '../topics/partition.ts'
import type { Loan } from './delivery.ts'

export interface ForwardHost {
  readonly link: Link
  readonly catalog: Catalog
  readonly group: string
  readonly members: string
  readonly leases: string
  readonly me: string
  readonly timeoutMs: number
  publish(messages: readonly Message[]): Promise<void>
  delayed(topic: string, nextMs: number): void
  stored(topic: string, events: number): void
}

/** Stores a copy and acknowledges the original in one step. Rejects like a publish. */
export async function forwardCopy(host: ForwardHost, loan: Loan, copy: Message): Promise<void> {
  const { link, catalog, timeoutMs } = host
  const lost = (): LoanLostError => new LoanLostError(loan.message.topic, loan.message.position)
  const fail = (stored: 'no' | 'unknown', cause: unknown): PublishError =>
    new PublishError(copy.topic, [{ index: 0, stored, cause }])
  const deadline = AbortSignal.timeout(timeoutMs)
  if (catalog.linkTo(copy.topic) !== link) {
    // Nothing is done in one step on two servers.
    await host.publish([copy])
    return await loan.ack()
  }
  while (loan.open) {
    await link.whenReady(deadline).catch(() => {
      throw fail('no', link.failure())
    })
    try {
      const [status, nextMs] = await within(timeoutMs, copy.topic, send(host, loan, copy))
      if (status === -2) break
      if (status === 0) {
        if (nextMs >= 0) host.delayed(copy.topic, nextMs)
        host.stored(copy.topic, 1)
        return
      }
      if (status === -1) await catalog.ensure(copy.topic)
      else catalog.learn(copy.topic, status)
    } catch (error) {
      if (error instanceof NotSentError) continue
      if (error instanceof TimeoutError) link.reset(`no answer for ${timeoutMs} ms`)
      throw fail(isReply(error) ? 'no' : 'unknown', explained(error))
    }
  }
  throw lost()
}

async function send(
  host: ForwardHost,
  { stream, message }: Loan,
  copy: Message,
): Promise<[status: number, nextMs: number]> {
  const { link, catalog, group, members, leases, me } = host
  const topic = catalog.of(copy.topic)
  const partitions = catalog.partitions(copy.topic)
  const partition = copy.key === undefined ? '' : partitionOf(copy.key, partitions)
  const target = topic.streams(partitions)[partition === '' ? 0 : partition + 1] as string
  const keys = [
    ...[members, leases, stream.key, stream.topic.notes(group)],
    ...[topic.meta, topic.delayed, topic.delayedEntries, topic.delayedBell, target, topic.keyedBell, topic.base],
  ]
  const due = copy.notBefore === undefined ? '' : Math.ceil(copy.notBefore)
  const reply = await link.run(forward, keys, [
    ...[me, group, stream.partition, stream.token, message.id, partitions, copy.retention === 'kept' ? 1 : 0, due],
    ...[copy.key ?? '', encodeHeaders(copy.headers), bodyOf(copy), headOf(copy, partitions), partition],
  ])
  return reply as [number, number]
}

async function within<Value>(ms: number, topic: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`Storing in topic "${topic}"`, ms)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
