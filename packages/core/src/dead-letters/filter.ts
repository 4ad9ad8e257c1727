import { ConfigInvalidError, type ConfigIssue } from '../errors.ts'
import type { FailureKind } from '../events.ts'
import type { EventBusAdapter } from '../spi/adapter.ts'
import { assertTopic, BROADCAST, deadLetterTopicOf, derivedTopic, isInternalTopic } from '../spi/topics.ts'
import { type DeadLetter, placeOf } from './dead-letter.ts'

/** Which dead letters; what is absent does not matter. */
export interface DeadLetterFilter {
  /** These ones only. */
  readonly ids?: readonly string[] | undefined
  /** The topic where they failed, or a derived dead letter topic such as `orders.billing.dlq`. */
  readonly topic?: string | undefined
  /** The consumer group that failed; `broadcast` for subscriptions without one. */
  readonly group?: string | undefined
  /** Where they are stored. To be named where a subscription has a `dlqTopic` of its own: such topics are not found by themselves. */
  readonly dlqTopic?: string | undefined
  readonly type?: string | undefined
  readonly key?: string | undefined
  readonly correlationId?: string | undefined
  /** A part of the error, which reads `Name: message`. */
  readonly error?: string | undefined
  readonly failureKind?: FailureKind | undefined
  /** When they became dead letters: inclusive. */
  readonly from?: Date | undefined
  /** Exclusive. */
  readonly to?: Date | undefined
  /** `true`: parked ones only; `false`: others only. */
  readonly parked?: boolean | undefined
}

/** @throws ConfigInvalidError, TopicInvalidError */
export function assertFilter({ ids, topic, dlqTopic, from, to }: DeadLetterFilter): void {
  const issues: ConfigIssue[] = []
  for (const id of ids ?? []) {
    if (placeOf(id) === undefined)
      issues.push({ name: 'ids', problem: `${JSON.stringify(id)} is not the id of a dead letter` })
  }
  for (const [name, date] of Object.entries({ from, to })) {
    if (date !== undefined && !(date instanceof Date && !Number.isNaN(date.getTime())))
      issues.push({ name, problem: `${String(date)} is not a valid date` })
  }
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  if (topic !== undefined) assertTopic(topic)
  if (dlqTopic !== undefined) assertTopic(dlqTopic)
}

/** Whether anything is left out by it. */
export function isSelective(filter: DeadLetterFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined)
}

/** The dead letter topics where what fits can be, in order. */
export async function dlqTopicsFor(adapter: EventBusAdapter, filter: DeadLetterFilter): Promise<string[]> {
  const { ids, dlqTopic, topic, group } = filter
  if (ids !== undefined) {
    const named = new Set(ids.flatMap((id) => placeOf(id)?.dlqTopic ?? []))
    return [...named].filter((name) => dlqTopic === undefined || name === dlqTopic).toSorted()
  }
  if (dlqTopic !== undefined) return [dlqTopic]
  if (topic !== undefined && isDlq(topic)) return [topic]
  if (topic !== undefined && group !== undefined) return [deadLetterTopicOf(topic, group)]
  const all = (await adapter.listTopics()).filter((name) => isDlq(name) && !isInternalTopic(name))
  return all.filter((name) => topic === undefined || derivedTopic(name)?.parent === topic).toSorted()
}

export function matching(filter: DeadLetterFilter): (letter: DeadLetter) => boolean {
  const ids = filter.ids === undefined ? undefined : new Set(filter.ids)
  const same = (wanted: unknown, found: unknown): boolean => wanted === undefined || wanted === found
  return ({ id, event, topic, group, key, dlqTopic, failureKind, failureReason, errorName, parked }) => {
    const error = errorName === undefined ? failureReason : `${errorName}: ${failureReason}`
    return (
      (ids === undefined || ids.has(id)) &&
      (same(filter.topic, topic) || same(filter.topic, dlqTopic)) &&
      same(filter.group, group ?? BROADCAST) &&
      same(filter.key, key) &&
      same(filter.type, event?.type) &&
      same(filter.correlationId, event?.metadata.correlationId) &&
      (filter.error === undefined || error?.includes(filter.error) === true) &&
      same(filter.failureKind, failureKind) &&
      same(filter.parked, parked)
    )
  }
}

function isDlq(topic: string): boolean {
  return derivedTopic(topic)?.kind === 'dlq'
}
