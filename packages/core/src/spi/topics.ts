import { TopicInvalidError } from '../errors.ts'

// Topic and group names are the same on every backend: what the strictest of them allows, less what derived names need.
const topicPattern = /^[A-Za-z0-9._-]+$/
const longestTopic = 180
const groupPattern = /^[A-Za-z0-9_-]{1,60}$/
const derivedPattern = /^(.+)\.([A-Za-z0-9_-]{1,60})\.(retry|dlq)$/

/** Stands for "no group" in the name of a dead letter topic; no group may be called so. */
export const BROADCAST = 'broadcast'

export type DerivedKind = 'retry' | 'dlq' | 'delayed'

/** What a derived topic belongs to. */
export interface DerivedTopic {
  readonly kind: DerivedKind
  /** The topic of the application. */
  readonly parent: string
  readonly group?: string | undefined
}

export function retryTopicOf(topic: string, group: string): string {
  return `${topic}.${group}.retry`
}

export function deadLetterTopicOf(topic: string, group: string | undefined): string {
  return `${topic}.${group ?? BROADCAST}.dlq`
}

export function delayedTopicOf(topic: string): string {
  return `${topic}.delayed`
}

/** Beside a dead letter topic: which of its events are dealt with. One of the bus's own. */
export function ledgerTopicOf(deadLetterTopic: string): string {
  return `__${deadLetterTopic}`
}

/** `undefined`: an ordinary topic. */
export function derivedTopic(topic: string): DerivedTopic | undefined {
  const found = derivedPattern.exec(topic)
  if (found !== null) return { kind: found[3] as DerivedKind, parent: found[1] as string, group: found[2] as string }
  if (topic.endsWith('.delayed') && topic.length > '.delayed'.length) {
    return { kind: 'delayed', parent: topic.slice(0, -'.delayed'.length) }
  }
  return undefined
}

/** The application's topic that `topic` is, or is derived from: derived topics live beside it. */
export function parentTopicOf(topic: string): string {
  const parent = derivedTopic(topic)?.parent
  return parent === undefined ? topic : parentTopicOf(parent)
}

/**
 * The topic beside which groups consume `topic`, second in `ConsumeOptions.topics`; `undefined`: it is not consumed beside
 * another. Where topics have partitions, both are to have as many.
 */
export function consumedBeside(topic: string): string | undefined {
  const derived = derivedTopic(topic)
  return derived?.kind === 'retry' ? derived.parent : undefined
}

/** Begins with two underscores: the bus's own, or the backend's. */
export function isInternalTopic(topic: string): boolean {
  return topic.startsWith('__')
}

/** @throws TopicInvalidError unless an application may publish to `topic`. */
export function assertPublishableTopic(topic: string): void {
  assertTopic(topic)
  const derived = derivedTopic(topic)
  if (derived !== undefined) {
    throw new TopicInvalidError(
      `The topic "${topic}" is derived from "${derived.parent}" (${derived.kind}); only the bus publishes to it.`,
    )
  }
}

/** @throws TopicInvalidError unless `topic` is a name that every backend accepts. */
export function assertTopic(topic: string): void {
  if (
    typeof topic === 'string' &&
    topicPattern.test(topic) &&
    topic !== '.' &&
    topic !== '..' &&
    !isInternalTopic(topic)
  ) {
    // What is derived may be longer than what it is derived from.
    if (topic.length <= longestTopic || parentTopicOf(topic).length <= longestTopic) return
  }
  throw new TopicInvalidError(
    `${JSON.stringify(topic)} is not a topic name: 1 to 180 letters, digits, ".", "_" and "-", not "." or "..", not beginning with "__".`,
  )
}

/** @throws TopicInvalidError unless `group` is a name that every backend accepts. */
export function assertGroup(group: string): void {
  if (typeof group === 'string' && groupPattern.test(group) && group !== BROADCAST) return
  throw new TopicInvalidError(
    `${JSON.stringify(group)} is not a consumer group name: 1 to 60 letters, digits, "_" and "-" (no "."), not "${BROADCAST}".`,
  )
}
