import type { Consumer, ConsumeOptions, ConsumerState } from '@bus/core/spi'
import type { Subscription } from '../app/subscription.ts'
import type { Owner } from '../run/agenda.ts'
import type { Scene } from '../run/scene.ts'
import type { Group } from './group.ts'
import type { Call, Link } from './link.ts'
import type { Loan, LoanEnd } from './loan.ts'
import { Pull } from './pull.ts'

interface AckBatch extends Call<void> {
  readonly loans: Loan[]
}

const ready: ConsumerState = { status: 'ready' }

/** A consumer, and what the backend knows of it. */
export class Member implements Consumer {
  readonly name: string
  readonly scene: Scene
  readonly link: Link
  /** The step in which it joined. */
  readonly since: number
  readonly group: Group
  readonly subscription: Subscription
  readonly handover: ConsumeOptions['handover']
  /** Open, those on their way included. */
  readonly loans: Set<Loan> = new Set()
  /** What the core has and did not settle. */
  readonly hand: Set<Loan> = new Set()
  /** Called once when it is no member any more. */
  readonly ended: Set<() => void> = new Set()
  readonly state: ConsumerState = ready
  #pull: Pull | undefined
  #acks: AckBatch | undefined
  #closing: Promise<void> | undefined
  #left = false

  constructor(subscription: Subscription, link: Link, group: Group, handover: ConsumeOptions['handover']) {
    this.link = link
    this.scene = link.scene
    this.group = group
    this.handover = handover
    this.subscription = subscription
    subscription.members.push(this)
    this.name = subscription.isPattern ? `${subscription.name}:${this.topic}` : subscription.name
    this.since = this.scene.steps
  }

  /** The one that was subscribed to. */
  get topic(): string {
    return this.group.topics[0] as string
  }

  get retryTopic(): string {
    return `${this.topic}.${this.subscription.policy.group}.retry`
  }

  get dlqTopic(): string {
    const { dlqTopic, group } = this.subscription.policy
    return dlqTopic ?? `${this.topic}.${group ?? 'broadcast'}.dlq`
  }

  get closing(): boolean {
    return this.#closing !== undefined
  }

  get owner(): Owner {
    return this.link.owner
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Loan[]> {
    this.scene.oracle.window.pulls(this, max, this.#pull?.waiting === true)
    if (this.#closing !== undefined || signal.aborted) return Promise.resolve([])
    this.#pull = new Pull(this, max, signal)
    return this.#pull.answer
  }

  /** There may be something for it. */
  serve(): void {
    if (!this.#left) this.#pull?.serve()
  }

  /** Takes back what is on its way to the member; where things go badly it has just arrived instead. */
  retract(concerned: (loan: Loan) => boolean): void {
    const { world } = this.scene.plan
    if (world.abrupt && this.link.dice.chance(0.5)) this.#pull?.arrive()
    else this.#pull?.retract(concerned)
  }

  acknowledge(loan: Loan): Call<void> {
    if (!this.scene.plan.world.sharedAcks) return this.#request([loan])
    if (this.#acks !== undefined) {
      this.#acks.loans.push(loan)
      return this.#acks
    }
    const loans = [loan]
    const batch: AckBatch = { ...this.#request(loans), loans }
    this.#acks = batch
    return batch
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** Out of the group; its loans go back. */
  leave(how: Exclude<LoanEnd, 'acknowledged' | 'released'>): void {
    if (this.#left) return
    this.#left = true
    this.scene.say?.(`${this.name} leaves ${this.group.name} (${how})`)
    for (const loan of this.loans) {
      if (how === 'closed') loan.flush()
      loan.lose(how)
    }
    this.group.remove(this)
    for (const end of this.ended) end()
  }

  #close(): Promise<void> {
    this.scene.oracle.closings.consumerCloses(this)
    this.#pull?.cancel()
    const { answer } = this.link.request('close', () => this.leave('closed'))
    // Now and then the answer is so late that nobody may wait for it.
    if (this.link.fate('close') !== 'works') return this.#late(answer)
    return answer.catch((error: unknown) => {
      // A backend that hears nothing finds out by itself.
      this.scene.agenda.add(this.scene.backend, 10_000, () => this.leave('closed'))
      throw error
    })
  }

  async #late(answer: Promise<void>): Promise<void> {
    await answer.catch(() => this.leave('closed'))
    await this.link.delay(8_000)
  }

  #request(loans: readonly Loan[]): Call<void> {
    const { answer, flush } = this.link.request('ack', () => {
      this.#acks = undefined
      for (const loan of loans) loan.settle()
    })
    return {
      answer: answer.catch((error: unknown) => {
        this.#acks = undefined
        for (const loan of loans) loan.doubt()
        throw error
      }),
      flush,
    }
  }
}
