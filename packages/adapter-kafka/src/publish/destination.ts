import { delayedTopicOf, derivedTopic, isInternalTopic, type Message } from '@bus/core/spi'

/** Where a message is to be stored now. What is put off stays beside its topic until it is due. */
export function destinationOf({ topic, notBefore }: Message, now: number): string {
  if (notBefore === undefined || notBefore <= now || isInternalTopic(topic)) return topic
  return derivedTopic(topic) === undefined ? delayedTopicOf(topic) : topic
}
