import { TopicInvalidError } from '../errors.ts'
import { assertTopic, derivedTopic, isInternalTopic } from '../spi/topics.ts'

/** `'*'`, or a topic name in which each `*` stands for any text. */
export function isPattern(topic: string): boolean {
  return topic.includes('*')
}

/** @throws TopicInvalidError */
export function assertPattern(pattern: string): void {
  try {
    assertTopic(pattern.replaceAll('*', 'x'))
  } catch {
    throw new TopicInvalidError(
      `${JSON.stringify(pattern)} is not a topic pattern: a topic name in which "*" stands for any text.`,
    )
  }
}

/** Which topics a pattern sees: none that is derived (a dead letter topic only if asked for) and none of the bus's own. */
export function matcher(pattern: string, includeDeadLetters: boolean): (topic: string) => boolean {
  const expression = new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.\\-]/g, '\\$&'))
      .join('.*')}$`,
  )
  return (topic) => {
    if (isInternalTopic(topic) || !expression.test(topic)) return false
    const kind = derivedTopic(topic)?.kind
    return kind === undefined || (kind === 'dlq' && includeDeadLetters)
  }
}

/** A topic on which a group leaves its mark once it has registered for the pattern. Never holds a message. */
export function markTopicOf(pattern: string): string {
  return `__pattern.${pattern.replaceAll('*', '_any_')}`
}
