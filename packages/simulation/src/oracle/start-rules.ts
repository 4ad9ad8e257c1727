import type { BaseEvent, HandlerContext } from '@bus/core'
import type { Scene } from '../run/scene.ts'
import type { Attempt } from './attempt.ts'

/** What has to hold when a handler starts; its key aside. */
export class StartRules {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  check(attempt: Attempt, event: BaseEvent, context: HandlerContext): void {
    this.#isWhatWasPublished(attempt, event, context)
    this.#mayStart(attempt)
    this.#isDue(attempt)
    this.#isCountedRight(attempt)
  }

  #isWhatWasPublished(
    { fact, loan, subscription }: Attempt,
    { metadata, type, payload }: BaseEvent,
    context: HandlerContext,
  ): void {
    const { group, types } = subscription.policy
    const right =
      metadata.eventId === fact.id &&
      type === fact.type &&
      (payload as { number?: number }).number === fact.number &&
      context.key === fact.key &&
      context.topic === loan.member.topic &&
      context.consumerGroup === group &&
      metadata.causationId === fact.cause &&
      loan.item.stored.key === fact.key &&
      (types === undefined || types.includes(type))
    if (!right)
      this.#scene.fail(
        'a handler gets what was published',
        `${subscription.name} got ${JSON.stringify({ type, metadata, payload })} for ${fact.id}`,
      )
  }

  #mayStart({ loan, subscription, fact }: Attempt): void {
    const { record, redeliveries } = loan
    const { stop, policy, name, running } = subscription
    const late = record.attempts.some(({ lateAck }) => lateAck)
    if (record.settled !== undefined && !late)
      this.#scene.fail('nothing starts that was settled', `${name} starts ${fact.id}, which was ${record.settled}`)
    if (stop !== undefined && stop.step < this.#scene.steps && !record.validating)
      this.#scene.fail('nothing starts after the end was asked for', `${name} starts ${fact.id}`)
    if (record.leaving === 'known' && !record.validating)
      this.#scene.fail('nothing starts that is handed over', `${name} starts ${fact.id}`)
    if (record.attempts.some(({ state }) => state === 'running'))
      this.#scene.fail('a loan is handled once at a time', `${name} starts ${fact.id} again`)
    if (running >= policy.concurrency)
      this.#scene.fail('no more handlers run than allowed', `${name} starts ${fact.id} beside ${running}`)
    const deaths = redeliveries + record.progress.deaths
    if (deaths >= policy.maxDeliveries)
      this.#scene.fail('crash loops end', `${name} starts ${fact.id} after ${deaths} deaths`)
  }

  #isDue({ loan, subscription, fact, startedWall }: Attempt): void {
    const due = Math.max(loan.record.progress.earliest, loan.item.stored.notBefore ?? 0)
    if (startedWall < due)
      this.#scene.fail(
        'no start is too early',
        `${subscription.name} starts ${fact.id} ${due - startedWall} ms before its time`,
      )
  }

  #isCountedRight({ loan, subscription, fact, number }: Attempt): void {
    const { progress, attempts } = loan.record
    const { maxRetries, maxDeliveries } = subscription.policy
    if (number !== progress.attempt)
      this.#scene.fail(
        'attempts are numbered right',
        `${subscription.name} starts ${fact.id} as ${number}, not ${progress.attempt}`,
      )
    if (number > maxRetries + 1)
      this.#scene.fail(
        'no more starts than allowed',
        `${subscription.name} starts ${fact.id} as ${number} of ${maxRetries + 1}`,
      )
    const starts = progress.starts + attempts.length + 1
    const allowed = (maxRetries + 1) * maxDeliveries
    if (starts > allowed)
      this.#scene.fail(
        'no more starts than allowed',
        `${subscription.name} starts ${fact.id} for the ${starts}th time, ${allowed} are allowed`,
      )
  }
}
