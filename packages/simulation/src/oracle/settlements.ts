import type { Loan, LoanEnd } from '../model/loan.ts'
import type { Scene } from '../run/scene.ts'
import { type Attempt, verdictOf } from './attempt.ts'
import type { Attempts } from './attempts.ts'
import type { Order } from './order.ts'
import type { Progress } from './progress.ts'

/** No acknowledgement before its reason, nothing given back without need. */
export class Settlements {
  readonly #scene: Scene
  readonly #attempts: Attempts
  readonly #order: Order

  constructor(scene: Scene, attempts: Attempts, order: Order) {
    this.#scene = scene
    this.#attempts = attempts
    this.#order = order
  }

  acknowledges(loan: Loan): void {
    const { record, item, member } = loan
    const reason = this.#reason(loan)
    this.#scene.say?.(`${member.name} acknowledges ${loan}: ${reason ?? 'no reason'}`)
    if (reason === undefined) {
      this.#scene.fail(
        'nothing is acknowledged without a reason',
        `${member.name} acknowledges ${item.stored.fact.id} at ${loan}`,
      )
    }
    const last = record.attempts.at(-1)
    if (reason === 'given up' && last !== undefined) {
      record.progress = { ...record.progress, firstFailureAt: record.progress.firstFailureAt ?? last.failedWall }
    }
    record.settled ??= 'acknowledged'
    member.hand.delete(loan)
    // A copy concludes by itself, or goes on.
    if (reason !== 'a copy is stored') this.#order.concluded(item.group, item.stored.fact)
  }

  releases(loan: Loan, note: string | undefined): void {
    const { record, item, member } = loan
    const { subscription } = member
    const { agenda } = this.#scene
    this.#scene.say?.(`${member.name} gives back ${loan}${note === undefined ? '' : ` (${note})`}`)
    // At the deadline an acknowledgement may still be on its way.
    // One that could not be made as a whole is ended without anybody's asking.
    const unmade = subscription.id === undefined
    const doubted =
      record.settled === 'acknowledged' && (unmade || agenda.now >= (subscription.stop?.deadline ?? Infinity))
    if (record.settled !== undefined && !doubted)
      this.#scene.fail(
        'nothing is settled twice',
        `${member.name} gives back ${item.stored.fact.id}, which was ${record.settled}`,
      )
    // What was taken away already may be given back by a member that does not know.
    if (subscription.stop === undefined && !unmade && record.leaving === undefined && loan.open) {
      this.#scene.fail('nothing is given back without need', `${member.name} gives back ${item.stored.fact.id}`)
    }
    const last = record.attempts.at(-1)
    if (last?.state === 'running') {
      if (!unmade && agenda.now < (subscription.stop?.deadline ?? Infinity)) {
        this.#scene.fail(
          'no handler is given up before the deadline',
          `${member.name} gives back ${item.stored.fact.id}, which runs`,
        )
      }
      this.#attempts.cut(last)
    }
    record.settled = 'released'
    member.hand.delete(loan)
  }

  ended(loan: Loan, how: LoanEnd): void {
    const { record, item } = loan
    const { attempts, progress } = record
    const last = attempts.at(-1)
    if (last?.state === 'running' && how !== 'acknowledged') {
      last.stray = true
      this.#order.ends(last)
    }
    const repeated =
      last !== undefined && (last.state === 'cut' || (last.state === 'failed' && !last.announced)) ? 1 : 0
    const from: Progress = how === 'released' ? progress : item.base
    const excused = how === 'released' ? repeated : how === 'crashed' || how === 'stolen' ? 0 : attempts.length
    item.base = { ...from, starts: progress.starts + attempts.length - excused }
    this.#scene.say?.(`${loan} is ${how}`)
  }

  /** `undefined`: there is none. */
  #reason({ record, item, redeliveries, member }: Loan): string | undefined {
    const { policy } = member.subscription
    const { fact } = item.stored
    if (record.copied) return 'a copy is stored'
    const last: Attempt | undefined = record.attempts.at(-1)
    if (last === undefined) {
      if (redeliveries + record.progress.deaths >= policy.maxDeliveries)
        return policy.useDLQ ? undefined : 'given up after crashes'
      if (member.subscription.isPattern && item.stored.headers['bus-dead-reason'] !== undefined) return 'a dead letter'
      if (fact.flaw !== 'unreadable' && policy.types?.includes(fact.type) === false) return 'not for this subscription'
      return fact.flaw === undefined || policy.useDLQ ? undefined : `given up as ${fact.flaw}`
    }
    this.#attempts.expire(last)
    if (record.attempts.some(({ state }) => state === 'succeeded')) return 'handled'
    if (record.attempts.some(({ lateAck }) => lateAck)) return 'acknowledged late'
    if (last.state !== 'failed') return undefined
    const verdict = verdictOf(last)
    return verdict.kind === 'end' && !verdict.bury ? 'given up' : undefined
  }
}
