import type { HookMap } from '@bus/core'
import type { Message } from '@bus/core/spi'
import type { Process } from '../app/process.ts'
import type { Group } from '../model/group.ts'
import type { Loan, LoanEnd } from '../model/loan.ts'
import type { Stored } from '../model/stored.ts'
import type { Scene } from '../run/scene.ts'
import { Announcements } from './announcements.ts'
import { Attempts } from './attempts.ts'
import { Closings } from './closings.ts'
import { Copies } from './copies.ts'
import { Facts, isCopy } from './facts.ts'
import { Handovers } from './handovers.ts'
import { type LoanRecord, newRecord } from './loan-record.ts'
import { Order } from './order.ts'
import type { Progress } from './progress.ts'
import { Settlements } from './settlements.ts'
import { Window } from './window.ts'

/** Sees everything that passes between the application, the core and the backend, and knows what was promised. */
export class Oracle {
  readonly facts: Facts
  readonly order: Order
  readonly attempts: Attempts
  readonly settlements: Settlements
  readonly copies: Copies
  readonly handovers: Handovers
  readonly window: Window
  readonly announcements: Announcements
  readonly closings: Closings
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
    this.facts = new Facts(scene)
    this.order = new Order(scene)
    this.attempts = new Attempts(scene, this.order)
    this.settlements = new Settlements(scene, this.attempts, this.order)
    this.copies = new Copies(scene, this.facts, this.attempts, this.order)
    this.handovers = new Handovers(scene)
    this.window = new Window(scene)
    this.announcements = new Announcements(scene, this.attempts)
    this.closings = new Closings(scene)
  }

  /** A process hands messages over to be stored. */
  publishes(messages: readonly Message[]): void {
    for (const message of messages) if (isCopy(message)) this.copies.made(message)
  }

  /** From now on the backend has it. */
  stores(message: Message): void {
    if (isCopy(message)) this.copies.stored(message)
    else this.facts.recognizes(message).fact.stores++
  }

  /** It is in the log. */
  stored(stored: Stored): void {
    this.facts.stored(stored)
  }

  /** A message is for a group from now on. */
  begins(group: Group, stored: Stored): Progress {
    this.order.begins(group, stored)
    return stored.progress ?? { attempt: 1, earliest: 0, firstFailureAt: undefined, starts: 0, deaths: 0 }
  }

  lent(loan: Loan): LoanRecord {
    this.facts.lent(loan)
    return newRecord(loan.item.base)
  }

  forwards(loan: Loan, copy: Message): void {
    this.copies.made(copy)
    if (this.facts.loanOf(copy) !== loan) this.#scene.fail('a copy is made of its own loan', `${loan}`)
  }

  loanEnded(loan: Loan, how: LoanEnd): void {
    this.settlements.ended(loan, how)
  }

  /** `settled()` has resolved: what was there when it was called, and is due, is done. */
  isSettled({ subscriptions }: Process, sequence: number, step: number): void {
    for (const { stop, hand, name } of subscriptions) {
      const left = hand.filter(
        ({ record, item, member }) => !record.early && item.stored.sequence <= sequence && member.since < step,
      )
      if (stop === undefined && left.length > 0)
        this.#scene.fail('settled() waits for everything', `${name} still has ${left.join(' ')}`)
    }
  }

  told(
    process: Process,
    name: 'retry' | 'deadLetter' | 'failed',
    details: HookMap['retry'] | HookMap['deadLetter'] | HookMap['failed'],
  ): void {
    if (name === 'retry') this.announcements.retried(process, details as HookMap['retry'])
  }
}
