import type { HookMap } from '@bus/core'
import type { Process } from '../app/process.ts'
import type { Scene } from '../run/scene.ts'
import { verdictOf } from './attempt.ts'
import type { Attempts } from './attempts.ts'

/** What the bus says of retries is true, and is what has to be. */
export class Announcements {
  readonly #scene: Scene
  readonly #attempts: Attempts

  constructor(scene: Scene, attempts: Attempts) {
    this.#scene = scene
    this.#attempts = attempts
  }

  retried(process: Process, { eventId, attempts, delayMs, deferred, topic, consumerGroup }: HookMap['retry']): void {
    const attempt = this.#scene.touched?.record.attempts.at(-1)
    if (attempt !== undefined) this.#attempts.expire(attempt)
    const isRight =
      attempt?.state === 'failed' &&
      attempt.fact.id === eventId &&
      attempt.number === attempts &&
      attempt.subscription.process === process &&
      attempt.loan.member.topic === topic &&
      attempt.subscription.policy.group === consumerGroup
    if (!isRight || attempt.announced) {
      return this.#scene.fail(
        'what the bus announces is true',
        `${process.owner.name} retries ${eventId} after attempt ${attempts}`,
      )
    }
    attempt.announced = true
    const { subscription, fact, failedWall, loan } = attempt
    const { policy } = subscription
    this.#scene.say?.(`${subscription.name} retries ${fact.id} in ${delayMs} ms${deferred ? ', deferred' : ''}`)
    const verdict = verdictOf(attempt)
    if (verdict.kind === 'end')
      return this.#scene.fail(
        'no more starts than allowed',
        `${subscription.name} retries ${fact.id} after attempt ${attempts}`,
      )
    if (delayMs < verdict.minMs - 1 || delayMs > verdict.maxMs + 1) {
      this.#scene.fail(
        'delays grow as announced',
        `${subscription.name} waits ${delayMs} ms, not ${verdict.minMs} to ${verdict.maxMs}`,
      )
    }
    if (deferred) return
    const mayDefer = policy.group !== undefined && !(policy.ordered && fact.key !== undefined)
    if (mayDefer && (fact.key !== undefined || delayMs > policy.retry.holdUpToMs)) {
      this.#scene.fail(
        'what waits long does not wait in hand',
        `${subscription.name} holds ${fact.id} for ${delayMs} ms`,
      )
    }
    const { progress } = loan.record
    loan.record.progress = {
      ...progress,
      attempt: attempt.number + 1,
      earliest: failedWall + delayMs,
      firstFailureAt: progress.firstFailureAt ?? failedWall,
    }
  }
}
