import assert from 'node:assert/strict'
import type { EventBusAdapter } from '../../spi/index.ts'
import type { CaseContext } from './context.ts'
import { message } from './messages.ts'
import { take } from './take.ts'

/** What the subject says of the adapter is what the adapter says of itself. */
export async function assertFacts(context: CaseContext, adapter: EventBusAdapter): Promise<void> {
  const { forwards, remote, ...capabilities } = context.subject.facts
  assert.deepEqual({ ...adapter.capabilities }, capabilities)
  const topic = context.topic()
  const consumer = await context.consume(adapter, topic, { group: 'g' })
  await adapter.publish([message(topic, 'x')])
  const [delivery] = await take(context, consumer, 1)
  assert.equal(
    typeof delivery?.forward === 'function',
    forwards,
    `Its deliveries ${forwards ? 'have' : 'do not have'} forward().`,
  )
  await delivery?.ack()
  if (remote) return
  assert.equal(context.subject.privateBackend, undefined, 'There is no server to be broken.')
  assert.deepEqual(sockets(), [], 'An adapter of a backend that is not remote has no connections.')
}

function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap')
}
