import type { Message } from '@bus/core/spi'
import { MemoryMessage } from '../message.ts'
import type { LogRecord } from './records.ts'

/** A topic as the log describes it. */
export interface TopicImage {
  readonly name: string
  next: number
  floor: number
  lastStoredAt: number
  readonly messages: MemoryMessage[]
}

export interface GroupImage {
  readonly id: number
  readonly crew: number
  readonly topic: string
  readonly name: string
  /** Everything before it was settled, but for what is `open`. */
  cursor: number
  /** Notes by sequence number. */
  readonly open: Map<number, string | undefined>
}

/** What memory held, built up from the log's records one by one. */
export class Image {
  readonly topics: Map<string, TopicImage> = new Map()
  readonly groups: Map<number, GroupImage> = new Map()
  readonly delayed: Map<number, Message> = new Map()
  readonly #groupsOf = new Map<string, Set<GroupImage>>()
  lastGroup = 0
  lastCrew = 0
  lastOrder = 0

  apply(record: LogRecord): void {
    switch (record.kind) {
      case 'stored':
        return this.#store(record.message, record.storedAt, record.sequence)
      case 'delayed':
        this.topic(record.message.topic)
        this.lastOrder = Math.max(this.lastOrder, record.order)
        this.delayed.set(record.order, record.message)
        return
      case 'due':
        for (const order of record.orders) {
          const message = this.delayed.get(order)
          if (message !== undefined) this.#store(message, record.storedAt, 0)
          this.delayed.delete(order)
        }
        return
      case 'settled':
        return this.#pass(record.group, record.sequence)?.open.delete(record.sequence) as undefined
      case 'noted': {
        const open = this.#pass(record.group, record.sequence)?.open
        if (open?.has(record.sequence) === true) open.set(record.sequence, record.note)
        return
      }
      case 'group': {
        const { group: id, crew, topic, name, cursor, open } = record
        this.lastGroup = Math.max(this.lastGroup, id)
        this.lastCrew = Math.max(this.lastCrew, crew)
        const group = { id, crew, topic, name, cursor, open: new Map(open.map((one) => [one.sequence, one.note])) }
        this.groups.set(id, group)
        this.#openFrom(group, cursor)
        this.#consumersOf(topic).add(group)
        return
      }
      case 'deleted': {
        const group = this.groups.get(record.group)
        if (group !== undefined) this.#consumersOf(group.topic).delete(group)
        this.groups.delete(record.group)
        return
      }
      case 'cleared':
        this.topic(record.topic).floor = record.floor
        return
      case 'topic': {
        const { topic, next, floor, lastStoredAt } = record
        Object.assign(this.topic(topic), { next, floor, lastStoredAt })
        return
      }
    }
  }

  topic(name: string): TopicImage {
    let topic = this.topics.get(name)
    if (topic === undefined) {
      topic = { name, next: 1, floor: 1, lastStoredAt: 0, messages: [] }
      this.topics.set(name, topic)
    }
    return topic
  }

  #store(message: Message, storedAt: number, place: number): void {
    const topic = this.topic(message.topic)
    const sequence = place === 0 ? topic.next++ : place
    if (place === 0) topic.lastStoredAt = Math.max(topic.lastStoredAt, storedAt)
    topic.messages.push(new MemoryMessage(message, sequence, place === 0 ? topic.lastStoredAt : storedAt))
    for (const group of this.#consumersOf(topic.name)) {
      if (sequence >= group.cursor) group.open.set(sequence, undefined)
    }
  }

  /** The group, which has passed `sequence` at least. */
  #pass(id: number, sequence: number): GroupImage | undefined {
    const group = this.groups.get(id)
    if (group !== undefined && sequence >= group.cursor) group.cursor = sequence + 1
    return group
  }

  #openFrom(group: GroupImage, cursor: number): void {
    for (const { sequence } of this.topic(group.topic).messages) {
      if (sequence >= cursor) group.open.set(sequence, undefined)
    }
  }

  #consumersOf(topic: string): Set<GroupImage> {
    let groups = this.#groupsOf.get(topic)
    if (groups === undefined) this.#groupsOf.set(topic, (groups = new Set()))
    return groups
  }
}
