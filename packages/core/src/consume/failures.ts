import { deadCopy, type Failure, retryCopy } from '../failure/copies.ts'
import { end, judge, type Verdict } from '../failure/policy.ts'
import type { Message } from '../spi/message.ts'
import { deadLetterTopicOf, retryTopicOf } from '../spi/topics.ts'
import { decodeEvent } from '../wire/decode.ts'
import type { HookMap } from './hooks.ts'
import type { FailureHost } from './failure-host.ts'
import type { Job } from './job.ts'
import { relocate } from './relocate.ts'
import { Unhandleable } from './unhandleable.ts'

/** Carries out what becomes of an event whose handling failed. */
export class Failures {
  readonly #host: FailureHost

  constructor(host: FailureHost) {
    this.#host = host
  }

  /** Never rejects; the promise, if there is one, resolves when the event is out of this process's hands. */
  handle(job: Job, thrown: unknown): void | Promise<void> {
    const { policy, clock, crowded } = this.#host
    const unhandleable = thrown instanceof Unhandleable ? thrown : undefined
    const error = unhandleable?.cause ?? thrown
    const verdict =
      unhandleable === undefined
        ? judge(error, policy, {
            attempt: job.attempt,
            blocksKey: job.key !== undefined && policy.ordered,
            unordered: job.key !== undefined && !policy.ordered,
            grouped: policy.consumerGroup !== undefined,
            crowded,
            chance: clock.random(),
          })
        : end(unhandleable.kind, { useDLQ: policy.useDLQ || unhandleable.forced })
    return this.carryOut(job, verdict, error)
  }

  carryOut(job: Job, verdict: Verdict, error: unknown): void | Promise<void> {
    const { clock, topic, policy } = this.#host
    const now = clock.now()
    job.firstFailureAt ??= now
    const failure: Failure = {
      topic,
      group: policy.consumerGroup,
      attempts: job.attempt,
      firstFailureAt: job.firstFailureAt,
      lastFailureAt: now,
      error,
      deaths: job.deaths,
    }
    switch (verdict.kind) {
      case 'hold':
        return this.#hold(job, verdict.delayMs, failure)
      case 'defer':
        return this.#defer(job, verdict.delayMs, failure)
      case 'bury':
        return this.#bury(job, verdict.reason, failure)
      case 'giveUp':
        return this.#giveUp(job, verdict.reason, failure)
    }
  }

  #hold(job: Job, delayMs: number, failure: Failure): void {
    this.#retried(job, delayMs, failure, false)
    job.attempt++
    this.#host.hold(job, delayMs)
  }

  async #defer(job: Job, delayMs: number, failure: Failure): Promise<void> {
    const { topic, policy, clock, deferrals } = this.#host
    const to = retryTopicOf(topic, policy.consumerGroup as string)
    deferrals.add(to)
    if (!(await this.#relocate(job, retryCopy(to, job.delivery.message, failure, clock.now() + delayMs)))) {
      return deferrals.remove(to)
    }
    this.#retried(job, delayMs, failure, true)
    this.#host.done(job)
  }

  async #bury(job: Job, reason: Extract<Verdict, { kind: 'bury' }>['reason'], failure: Failure): Promise<void> {
    const { topic, policy, counters, hooks } = this.#host
    const dlqTopic = policy.dlqTopic ?? deadLetterTopicOf(topic, policy.consumerGroup)
    const { message } = job.delivery
    const copy = (withStack: boolean): Message => deadCopy(dlqTopic, message, failure, reason, withStack)
    if (!(await this.#relocate(job, copy(true), () => copy(false)))) return
    counters.deadLettered++
    hooks.emit('deadLetter', { ...this.#about(job, failure), dlqTopic, reason })
    this.#host.done(job)
  }

  async #giveUp(job: Job, reason: Extract<Verdict, { kind: 'giveUp' }>['reason'], failure: Failure): Promise<void> {
    const { counters, hooks } = this.#host
    counters.givenUp++
    hooks.emit('failed', { ...this.#about(job, failure), reason })
    await job.delivery.ack().catch((error: unknown) => this.#report(error, 'acknowledging'))
    this.#host.done(job)
  }

  #relocate(job: Job, copy: Message, smaller?: () => Message): Promise<boolean> {
    return relocate(this.#host, job, copy, `copying an event to "${copy.topic}"`, smaller)
  }

  #retried(job: Job, delayMs: number, failure: Failure, deferred: boolean): void {
    const { counters, hooks } = this.#host
    counters.retried++
    if (hooks.heard('retry')) hooks.emit('retry', { ...this.#about(job, failure), delayMs, deferred })
  }

  #about(job: Job, { topic, group, attempts, error }: Failure): Omit<HookMap['failed'], 'reason'> {
    return { topic, consumerGroup: group, ...identity(job), attempts, error }
  }

  #report(error: unknown, operation: string): void {
    const { hooks, topic, policy } = this.#host
    hooks.emit('error', { error, operation, topic, consumerGroup: policy.consumerGroup })
  }
}

function identity({
  delivery: { message },
}: Job): Pick<HookMap['failed'], 'eventId' | 'type' | 'key' | 'correlationId' | 'metadata'> {
  const { key } = message
  try {
    const { type, metadata } = decodeEvent(message)
    return { eventId: metadata.eventId, type, key, correlationId: metadata.correlationId, metadata }
  } catch {
    return { eventId: undefined, type: undefined, key, correlationId: undefined, metadata: undefined }
  }
}
