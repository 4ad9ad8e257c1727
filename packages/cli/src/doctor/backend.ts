import type { EventBusAdapter } from '@bus/core/spi'
import type { Connection } from '../command.ts'
import { groupRows, ownTopics } from '../groups.ts'
import { age, count } from '../terminal/text.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const longMs = 600_000
const mostDeadLetters = 1_000

/** What the adapter says of its backend. */
export async function backend({ adapter, bus }: Connection, signal: AbortSignal): Promise<Finding[]> {
  const { healthy, latencyMs, name, reason } = (await bus.getHealth()).adapter
  return healthy
    ? [ok('round trip', `${name} answers within ${Math.ceil(latencyMs)} ms`), ...(await settings(adapter, signal))]
    : [problem('round trip', reason)]
}

/** This process uses no topic: asked about are all that there are. */
async function settings(adapter: EventBusAdapter, signal: AbortSignal): Promise<Finding[]> {
  // Why they are not listed is told when permissions are looked at.
  const topics = await adapter.listTopics().catch(() => undefined)
  try {
    const durability = await adapter.durability?.(signal, topics)
    if (durability === undefined) return []
    const values = Object.entries(durability.settings).map(([name, value]) => `${name}=${value}`)
    return [
      ok('durability', [durability.summary, ...values].join(' ')),
      ...durability.warnings.map((text) => warning('settings', text)),
    ]
  } catch (error) {
    return [problem('settings', error)]
  }
}

/** Whether this user may do what a service does: each is tried, without changing anything. */
export async function permissions({ adapter, bus }: Connection): Promise<Finding[]> {
  let listed: readonly string[]
  try {
    listed = await adapter.listTopics()
  } catch (error) {
    return [problem('list topics', error)]
  }
  const topics = ownTopics(listed)
  const findings = [ok('list topics', count(topics.length, 'topic'))]
  const attempt = async (check: string, work: () => Promise<Finding[]>): Promise<void> => {
    findings.push(...(await work().catch((error: unknown) => [problem(check, error)])))
  }
  await attempt('read topics', async () => {
    for (const topic of topics) for await (const _ of adapter.read({ topic, limit: 1 })) break
    return [ok('read topics', topics.length === 0 ? 'there is none to read' : 'all can be read')]
  })
  await attempt('groups', async () => {
    const rows = await groupRows(adapter)
    const late = rows.filter(({ oldestPendingMs }) => oldestPendingMs > longMs)
    return [
      ok('groups', `${count(rows.length, 'known group')}`),
      ...late.map(({ topic, group, lag, pending, oldestPendingMs }) =>
        warning(
          'groups',
          `${group} on ${topic} is ${count(lag + pending, 'event')} behind, the oldest for ${age(oldestPendingMs)}.`,
          'See whether its members run and keep up, or forget the group: bus.deleteGroup(topic, group).',
        ),
      ),
    ]
  })
  await attempt('dead letters', async () => {
    const { items, next } = await bus.deadLetters.list({ limit: mostDeadLetters })
    const number = `${count(items.length, 'dead letter')}${next === undefined ? '' : ' and more'}`
    return [
      items.length === 0
        ? ok('dead letters', 'none')
        : warning('dead letters', number, 'bus dlq ls shows them; bus dlq redrive has them handled again.'),
    ]
  })
  return findings
}

/** Publishes an event and reads it back. */
export async function writing({ bus }: Connection, topic: string, signal: AbortSignal): Promise<Finding> {
  try {
    const from = new Date(Date.now() - 60_000)
    const { metadata } = await bus.publish(topic, 'bus.doctor', { probe: true }, { signal })
    for await (const event of bus.history(topic, { from, type: 'bus.doctor' }))
      if (event.metadata.eventId === metadata.eventId) return ok('publish', `${topic} took an event and gave it back`)
    return problem('publish', `${topic} took an event, but does not give it back`)
  } catch (error) {
    return problem('publish', error)
  }
}
