import type { Message } from '@bus/core/spi'
import type { Loan } from '../model/loan.ts'
import { positionOf } from '../model/stored.ts'
import type { Scene } from '../run/scene.ts'
import { type Attempt, verdictOf } from './attempt.ts'
import type { Attempts } from './attempts.ts'
import type { Facts } from './facts.ts'
import type { Order } from './order.ts'

/** Copies are made when they have to be, of the right event, and carry the right facts. */
export class Copies {
  readonly #scene: Scene
  readonly #facts: Facts
  readonly #attempts: Attempts
  readonly #order: Order

  constructor(scene: Scene, facts: Facts, attempts: Attempts, order: Order) {
    this.#scene = scene
    this.#facts = facts
    this.#attempts = attempts
    this.#order = order
  }

  /** The core hands a copy over to be stored. */
  made(copy: Message): void {
    const loan = this.#facts.loanOf(copy)
    if (loan === undefined)
      return this.#scene.fail('a copy is made of a loan', `nothing was lent that "${copy.topic}" could be a copy of`)
    const { item, record, member } = loan
    const { fact } = item.stored
    const last = record.attempts.at(-1)
    if (last !== undefined) this.#attempts.expire(last)
    this.#scene.say?.(`${member.name} copies ${fact.id} to ${copy.topic} ${JSON.stringify(this.#shown(copy))}`)
    if (copy.body !== item.stored.body && !Buffer.from(copy.body).equals(item.stored.body))
      this.#wrong(loan, 'the bytes')
    if (copy.key !== item.stored.key) this.#wrong(loan, 'the key')
    if (record.settled === 'acknowledged' || record.settled === 'forwarded') {
      this.#scene.fail('nothing is settled twice', `${member.name} copies ${fact.id}, which was ${record.settled}`)
    }
    if (copy.topic === member.dlqTopic) this.#dead(loan, copy, last)
    else if (last === undefined) this.#putOff(loan, copy)
    else if (copy.topic === member.retryTopic) this.#retry(loan, copy, last)
    else this.#wrong(loan, 'the topic')
  }

  stored(copy: Message): void {
    const loan = this.#facts.loanOf(copy)
    if (loan === undefined) return
    loan.record.copied = true
    if (copy.topic === loan.member.dlqTopic) this.#order.concluded(loan.item.group, loan.item.stored.fact)
  }

  #retry(loan: Loan, copy: Message, last: Attempt): void {
    const { record, item } = loan
    const { policy } = loan.member.subscription
    const verdict = last.state === 'failed' ? verdictOf(last) : undefined
    if (verdict?.kind !== 'retry') return this.#needless(loan, copy)
    if (policy.group === undefined || (policy.ordered && copy.key !== undefined)) {
      return this.#scene.fail(
        'a failed event with a key holds back its key',
        `${loan.member.name} defers ${item.stored.fact.id}`,
      )
    }
    const first = record.progress.firstFailureAt ?? last.failedWall
    const due = copy.notBefore ?? 0
    if (due < last.failedWall + verdict.minMs - 1 || due > last.failedWall + verdict.maxMs + 1)
      this.#wrong(loan, `the delay (${due - last.failedWall} ms, not ${verdict.minMs} to ${verdict.maxMs})`)
    this.#expect(loan, copy, {
      'bus-attempt': last.number + 1,
      'bus-dead-first': first,
      'bus-dead-position': this.#origin(loan),
    })
    const starts = record.progress.starts + record.attempts.length
    const deaths = record.progress.deaths + loan.redeliveries
    this.#facts.expect(copy, { attempt: last.number + 1, earliest: due, firstFailureAt: first, starts, deaths })
    record.progress = { ...record.progress, firstFailureAt: first }
  }

  #dead(loan: Loan, copy: Message, last: Attempt | undefined): void {
    const { record, item, redeliveries, member } = loan
    const { policy } = member.subscription
    const crashed = last === undefined && redeliveries + record.progress.deaths >= policy.maxDeliveries
    const flaw = last === undefined && !crashed ? item.stored.fact.flaw : undefined
    const verdict = last?.state === 'failed' ? verdictOf(last) : undefined
    const due =
      last === undefined ? policy.useDLQ && (crashed || flaw !== undefined) : verdict?.kind === 'end' && verdict.bury
    if (!due) return this.#needless(loan, copy)
    const reason = crashed ? 'crashed' : (flaw ?? (verdict?.kind === 'end' ? verdict.reason : ''))
    const failedAt = last?.failedWall ?? Number(copy.headers['bus-dead-last'])
    const firstFailureAt = record.progress.firstFailureAt ?? failedAt
    record.progress = { ...record.progress, firstFailureAt }
    this.#expect(loan, copy, {
      'bus-dead-reason': reason,
      'bus-dead-topic': member.topic,
      'bus-dead-group': policy.group,
      'bus-dead-attempts': last?.number ?? record.progress.attempt,
      'bus-dead-first': firstFailureAt,
      'bus-dead-last': failedAt,
      'bus-dead-position': this.#origin(loan),
      'bus-attempt': undefined,
      'bus-deaths': undefined,
      'bus-not-before': undefined,
    })
    const error = last?.failure?.text
    if (error !== undefined && copy.headers['bus-dead-error'] !== error)
      this.#wrong(loan, `the error (${copy.headers['bus-dead-error']}, not ${error})`)
    if (copy.retention !== 'kept' || copy.notBefore !== undefined) this.#wrong(loan, 'how it is kept')
  }

  /** It came too early and there is no room to wait. */
  #putOff(loan: Loan, copy: Message): void {
    const { record, item } = loan
    const { headers, notBefore } = loan.message
    const due = notBefore ?? Number(headers['bus-not-before'] ?? 0)
    if (!record.early || copy.topic !== loan.member.retryTopic) return this.#needless(loan, copy)
    if ((copy.notBefore ?? Number(copy.headers['bus-not-before'] ?? 0)) !== due) this.#wrong(loan, 'the delay')
    this.#expect(loan, copy, {
      'bus-attempt': item.base.attempt === 1 ? copy.headers['bus-attempt'] : item.base.attempt,
    })
    this.#facts.expect(copy, { ...record.progress, starts: record.progress.starts })
  }

  #expect(loan: Loan, copy: Message, facts: Readonly<Record<string, string | number | undefined>>): void {
    for (const [name, value] of Object.entries(facts)) {
      const found = copy.headers[name]
      if (found !== (value === undefined ? undefined : String(value)))
        this.#wrong(loan, `${name} (${found}, not ${value})`)
    }
  }

  #needless(loan: Loan, copy: Message): void {
    this.#scene.fail(
      'a copy is made when it has to be',
      `${loan.member.name} copies ${loan.item.stored.fact.id} to ${copy.topic}`,
    )
  }

  #wrong(loan: Loan, what: string): void {
    this.#scene.fail('a copy carries the right facts', `${what} of the copy of ${loan.item.stored.fact.id}`)
  }

  #origin({ item }: Loan): string {
    const { headers, sequence } = item.stored
    return headers['bus-dead-position'] ?? positionOf(sequence)
  }

  #shown({ headers, notBefore }: Message): Record<string, unknown> {
    const { 'bus-dead-stack': _stack, ...rest } = headers
    return { ...rest, notBefore }
  }
}
