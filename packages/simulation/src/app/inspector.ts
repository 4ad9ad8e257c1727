import type { Stats } from '@bus/core'
import type { Group } from '../model/group.ts'
import type { Scene } from '../run/scene.ts'
import type { Process } from './process.ts'
import type { Subscription } from './subscription.ts'

/** What has to hold once nothing is left to happen. */
export class Inspector {
  readonly #scene: Scene
  readonly #processes: readonly Process[]

  constructor(scene: Scene, processes: readonly Process[]) {
    this.#scene = scene
    this.#processes = processes
  }

  /** Everybody lives and nothing goes wrong any more. */
  async whileOpen(): Promise<void> {
    for (const group of this.#scene.broker.groups.values()) {
      const served = group.members.some(({ owner, subscription }) => owner.alive && subscription.stop === undefined)
      if (served) this.#isSettled(group, true)
    }
    for (const { owner, subscriptions } of this.#processes) {
      for (const one of owner.alive ? subscriptions : []) if (one.isPattern) this.#seesAll(one)
    }
    if (this.#scene.oracle.handovers.running > 0)
      this.#scene.fail('a hand-over ends', `${this.#scene.oracle.handovers.running} have not`)
    for (const process of this.#processes) if (process.owner.alive) await this.#isQuiet(process)
  }

  /** Everybody has closed, and others took up what was left. */
  afterwards(): void {
    for (const group of this.#scene.broker.groups.values()) if (group.named) this.#isSettled(group, false)
  }

  /** Everybody who was to close has. */
  closed(): void {
    for (const { owner, closing, closed } of this.#processes) {
      if (owner.alive && closing !== undefined && !closed)
        this.#scene.fail('ends come in time', `${owner.name} never closes`)
    }
  }

  #seesAll({ id, stop, members, name }: Subscription): void {
    if (id === undefined || stop !== undefined) return
    for (const topic of this.#scene.broker.topics) {
      if (/^__|\.(retry|dlq)$/.test(topic) || members.some((member) => member.topic === topic && !member.closing))
        continue
      this.#scene.fail('a pattern sees every topic', `${name} does not see ${topic}`)
    }
  }

  #isSettled(group: Group, mayBeStuck: boolean): void {
    for (const { state, stuck, stored } of group.items) {
      if (state !== 'done' && !(stuck && mayBeStuck)) {
        this.#scene.fail(
          'everything is settled in the end',
          `${stored.fact.id} (${stored.topic} ${stored.sequence}) is ${state} in ${group.name}`,
        )
      } else if (state === 'done' && stored.topic === group.topics[0] && !stored.topic.endsWith('.retry')) {
        this.#isConcluded(group, stored.fact)
      }
    }
  }

  #isConcluded(group: Group, fact: Group['items'][number]['stored']['fact']): void {
    const deferred = group.items.some(({ stored, state }) => stored.fact === fact && state !== 'done')
    if (deferred || this.#scene.oracle.order.isConcluded(group, fact)) return
    this.#scene.fail(
      'nothing is lost',
      `${fact.id} was neither handled nor dead-lettered nor given up in ${group.name}`,
    )
  }

  async #isQuiet(process: Process): Promise<void> {
    const { owner, handlers, publisher, bus, subscriptions } = process
    if (publisher.waiting > 0)
      this.#scene.fail('publish() always settles', `${owner.name} waits for ${publisher.waiting}`)
    if (handlers > 0) this.#scene.fail('handlers end', `${owner.name} has ${handlers}`)
    for (const { name, hand, stop } of subscriptions) {
      if (stop === undefined && hand.length > 0)
        this.#scene.fail('everything is settled in the end', `${name} still has ${hand.join(', ')}`)
    }
    if (process.closing === undefined) this.#balances(process, await bus.getStats())
  }

  #balances({ owner, tally, subscriptions }: Process, stats: Stats): void {
    const uncut = subscriptions.every(({ stop, cut }) => stop === undefined && !cut)
    const books: readonly (readonly [string, number, number])[] = [
      ['published', stats.publishedEvents, tally.published],
      ['not published', stats.failedPublishes, tally.unpublished],
      ['in flight', stats.inFlightEvents, 0],
    ]
    // What a subscription does after it was cut off stands in no book.
    const handled: readonly (readonly [string, number, number])[] = [
      ['started', stats.deliveredEvents, tally.started],
      ['retried', stats.retriedEvents, tally.retried],
      ['dead-lettered', stats.deadLetteredEvents, tally.deadLettered],
      ['given up', stats.givenUpEvents, tally.givenUp],
      ['failed for good', stats.failedEvents, tally.deadLettered + tally.givenUp],
      [
        'failed',
        stats.deliveredEvents - stats.succeededEvents,
        tally.retried + tally.deadLettered + tally.givenUp - tally.crashed - tally.flawed + tally.lost,
      ],
    ]
    for (const [name, found, expected] of uncut ? [...books, ...handled] : books) {
      if (found !== expected)
        this.#scene.fail('the books balance', `${owner.name} says ${found} ${name}, it was ${expected}`)
    }
  }
}
