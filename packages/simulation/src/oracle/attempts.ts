import { TimeoutError } from '@bus/core'
import type { BaseEvent, HandlerContext } from '@bus/core'
import type { Subscription } from '../app/subscription.ts'
import type { Scene } from '../run/scene.ts'
import type { Attempt, Failure } from './attempt.ts'
import type { Order } from './order.ts'
import { StartRules } from './start-rules.ts'

/** What is checked when a handler starts, and what is noted when it ends. */
export class Attempts {
  readonly #scene: Scene
  readonly #order: Order
  readonly #rules: StartRules

  constructor(scene: Scene, order: Order) {
    this.#scene = scene
    this.#order = order
    this.#rules = new StartRules(scene)
  }

  starts(subscription: Subscription, event: BaseEvent, context: HandlerContext): Attempt | undefined {
    const { agenda } = this.#scene
    const { position } = context
    const loan = this.#scene.touched
    if (loan === undefined || loan.position !== position || loan.member.subscription !== subscription) {
      this.#scene.fail(
        'nothing starts without a loan',
        `${subscription.name} starts ${event.metadata.eventId} at ${position}`,
      )
      return undefined
    }
    const { fact } = loan.item.stored
    const attempt: Attempt = {
      loan,
      subscription,
      fact,
      number: context.attempt,
      startedWall: agenda.wall,
      startedAt: agenda.now,
      signal: context.signal,
      state: 'running',
      failure: undefined,
      failedWall: 0,
      announced: false,
      stray: false,
      lateAck: false,
    }
    this.#scene.say?.(
      `${subscription.name} starts ${fact.id}, attempt ${attempt.number}, loan ${loan}, redeliveries ${loan.redeliveries}`,
    )
    const last = loan.record.attempts.at(-1)
    if (last !== undefined) this.expire(last)
    this.#rules.check(attempt, event, context)
    this.#order.starts(attempt)
    loan.record.attempts.push(attempt)
    subscription.running++
    subscription.process.tally.started++
    return attempt
  }

  /** The handler has ended, or with `autoAck: false` has said what becomes of the event. The first word counts. */
  ends(attempt: Attempt, failure?: Failure): void {
    this.expire(attempt)
    if (attempt.state === 'cut' && failure === undefined) attempt.lateAck = true
    if (attempt.state !== 'running') return
    const { subscription, loan, fact, signal } = attempt
    const timedOut = this.isTimedOut(attempt)
    const late = signal.aborted && !timedOut
    const overdue = this.#scene.agenda.now > attempt.startedAt + (subscription.policy.timeoutMs ?? Infinity)
    if (late && overdue) {
      attempt.lateAck = failure === undefined
      return this.cut(attempt)
    }
    const outcome = timedOut ? timeout(attempt) : failure
    this.#scene.say?.(`${subscription.name} ends ${fact.id}: ${outcome?.text ?? 'done'}${late ? ' (too late)' : ''}`)
    if (outcome === undefined) this.#over(attempt, 'succeeded')
    // After the deadline of a shutdown nothing is decided any more: it is given back as it is.
    else if (late) this.#over(attempt, 'cut')
    else this.#fails(attempt, outcome)
    if (outcome === undefined) this.#order.concluded(loan.item.group, fact)
  }

  /** A handler that had its time and the same time again counts as failed, though it runs. */
  expire(attempt: Attempt): void {
    const { state, startedAt, subscription } = attempt
    const { timeoutMs } = subscription.policy
    if (state !== 'running' || timeoutMs === undefined || this.#scene.agenda.now < startedAt + timeoutMs * 2) return
    if (!this.isTimedOut(attempt)) return
    attempt.stray = true
    this.#fails(attempt, timeout(attempt))
  }

  /** Given back while it runs. */
  cut(attempt: Attempt): void {
    attempt.stray = true
    this.#over(attempt, 'cut')
  }

  #fails(attempt: Attempt, failure: Failure): void {
    attempt.failure = failure
    attempt.failedWall = this.#scene.agenda.wall
    this.#over(attempt, 'failed')
  }

  #over(attempt: Attempt, state: Attempt['state']): void {
    attempt.state = state
    attempt.subscription.running--
    this.#order.ends(attempt)
  }

  isTimedOut({ signal, subscription, startedAt }: Attempt): boolean {
    const { timeoutMs } = subscription.policy
    const reason: unknown = signal.reason
    const says = signal.aborted && reason instanceof TimeoutError && reason.message.startsWith('The handler')
    if (says && (timeoutMs === undefined || this.#scene.agenda.now < startedAt + timeoutMs)) {
      this.#scene.fail(
        'no handler is timed out early',
        `${subscription.name} after ${this.#scene.agenda.now - startedAt} ms`,
      )
    }
    return says
  }
}

function timeout({ subscription, loan }: Attempt): Failure {
  const { message, name } = new TimeoutError(
    `The handler for topic "${loan.member.topic}"`,
    subscription.policy.timeoutMs ?? 0,
  )
  return { kind: 'timeout', text: `${name}: ${message}` }
}
