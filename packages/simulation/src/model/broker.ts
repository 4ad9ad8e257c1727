import type { ConsumeOptions, Message } from '@bus/core/spi'
import type { Subscription } from '../app/subscription.ts'
import type { Task } from '../run/agenda.ts'
import type { Dice } from '../run/dice.ts'
import type { Scene } from '../run/scene.ts'
import { Group } from './group.ts'
import type { Link } from './link.ts'
import { Member } from './member.ts'
import type { Stored } from './stored.ts'

interface Delayed {
  readonly message: Message
  readonly notBefore: number
  readonly task: Task
}

/** The backend that all processes share. It is always right; what goes wrong goes wrong on the way to it. */
export class Broker {
  readonly groups: Map<string, Group> = new Map()
  readonly #scene: Scene
  readonly #dice: Dice
  readonly #logs = new Map<string, Stored[]>()
  readonly #members = new Map<Link, Member[]>()
  #delayed: Delayed[] = []
  #sequence = 0
  #groups = 0

  constructor(scene: Scene) {
    this.#scene = scene
    this.#dice = scene.dice(3)
  }

  /** Of the message that was stored last. */
  get sequence(): number {
    return this.#sequence
  }

  get topics(): readonly string[] {
    return [...this.#logs.keys()]
  }

  /** Messages that are due and that a group with an open consumer is not done with. */
  get unsettled(): number {
    let count = 0
    for (const { members, open } of this.groups.values()) if (members.length > 0) count += open
    return count
  }

  /** A group that outlives its members is not done. */
  get hasOpen(): boolean {
    return [...this.groups.values()].some(({ named, open }) => named && open > 0)
  }

  append(message: Message): void {
    const scene = this.#scene
    scene.oracle.stores(message)
    if (message.notBefore !== undefined && message.notBefore > scene.agenda.wall && scene.plan.world.delays)
      this.#delay(message, message.notBefore)
    else this.#store(message)
  }

  log(topic: string): Stored[] {
    let log = this.#logs.get(topic)
    if (log === undefined) this.#logs.set(topic, (log = []))
    return log
  }

  consume(subscription: Subscription, link: Link, { topics, group: name, handover }: ConsumeOptions): Member {
    const names = topics.map(({ topic }) => topic)
    const id = name === undefined ? `alone${++this.#groups}` : `${name}@${names[0]}`
    let group = this.groups.get(id)
    if (group === undefined) {
      group = new Group(this.#scene, id, name !== undefined, names, this.#scene.dice(4, this.groups.size))
      group.begin(
        names.map((topic) => this.log(topic)),
        topics.map(({ startFrom }) => startFrom),
      )
      this.groups.set(id, group)
    }
    const member = new Member(subscription, link, group, handover)
    this.#scene.say?.(`${member.name} joins`)
    this.#members.set(link, [...this.membersOf(link), member])
    if (name === undefined) member.ended.add(() => this.groups.delete(id))
    group.join(member)
    return member
  }

  membersOf(link: Link): readonly Member[] {
    return this.#members.get(link) ?? []
  }

  /** The process of `link` is dead; it takes the backend some time to see it. */
  mourn(link: Link): void {
    const { agenda, backend, plan } = this.#scene
    agenda.add(backend, this.#dice.between(0, plan.world.sessionMs), () => {
      for (const member of this.membersOf(link)) member.leave('crashed')
    })
  }

  /** Takes something a member has on loan for abandoned, though the member lives. */
  steal(link: Link): void {
    const members = this.membersOf(link).filter(({ group, loans }) => group.named && loans.size > 0)
    if (members.length === 0) return
    const member = this.#dice.pick(members)
    const first = this.#dice.pick([...member.loans])
    const { slot } = first.item
    this.#scene.say?.(`${member.name} is robbed of ${slot?.name ?? first.toString()}`)
    const { style } = this.#scene.plan.world
    if (style === 'partitions' && slot !== undefined) {
      if (slot.moving) return
      slot.owner = undefined
    }
    for (const loan of member.loans)
      if (loan === first || (slot !== undefined && loan.item.slot === slot)) loan.lose('stolen')
    member.group.rebalance()
  }

  rebalance(): void {
    for (const group of this.groups.values()) group.rebalance()
  }

  /** The clocks have jumped: what is due now must not wait. */
  jumped(): void {
    const delayed = this.#delayed
    this.#delayed = []
    for (const { message, notBefore, task } of delayed) {
      this.#scene.agenda.cancel(task)
      this.#delay(message, notBefore)
    }
  }

  #delay(message: Message, notBefore: number): void {
    const { agenda, backend } = this.#scene
    const early = this.#dice.chance(0.3) ? this.#dice.between(0, 50) : 0
    const task = agenda.add(backend, notBefore - agenda.wall - early, () => {
      this.#delayed = this.#delayed.filter((other) => other.task !== task)
      this.#store(message)
    })
    this.#delayed.push({ message, notBefore, task })
  }

  #store(message: Message): void {
    const { oracle, plan, agenda, say } = this.#scene
    const { topic, key, headers, notBefore, retention } = message
    const { fact, progress, body } = oracle.facts.recognizes(message)
    const origin = plan.world.local ? message : undefined
    const sequence = ++this.#sequence
    const stored: Stored = {
      sequence,
      topic,
      key,
      headers,
      body,
      notBefore,
      retention,
      storedAt: agenda.wall,
      origin,
      fact,
      progress,
    }
    this.log(topic).push(stored)
    say?.(`${topic} has ${stored.sequence}: ${fact.id}${key === undefined ? '' : ` key ${key}`}`)
    oracle.stored(stored)
    for (const group of this.groups.values()) {
      if (!group.topics.includes(topic)) continue
      group.add(stored)
      group.poke()
    }
  }
}
